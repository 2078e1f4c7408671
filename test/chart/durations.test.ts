/** The durations of the chart's schema against what the process itself takes: no helm is needed for that. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { parseOptions } from '../../src/options/options.js';

const file = path.resolve(import.meta.dirname, '../../charts/secrets-store-csi-driver-provider-aws/values.schema.json');
const meets = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(file, 'utf8')) as object);

const flags = {
  secretCacheTTL: 'secret-cache-ttl',
  serveStaleFor: 'serve-stale-for',
  failoverTimeout: 'failover-timeout',
  podIdentityHttpTimeout: 'pod-identity-http-timeout',
} as const;
type Key = keyof typeof flags;

const starts = (key: Key, text: string) => parseOptions([`--${flags[key]}=${text}`], {}).kind === 'run';
const passes = (key: Key, text: string) => meets({ [key]: text });

/** Durations at both sides of each limit, as people and Go write them. */
const good: Readonly<Record<Key, readonly string[]>> = {
  secretCacheTTL: [
    '0',
    '0s',
    '60s',
    '1m30s',
    '5m',
    '59m59s',
    '60m',
    '3600s',
    '1h',
    '1h0m0s',
    '0.5h',
    '.5h',
    '1.0h',
    '+1h',
    '3600000ms',
  ],
  serveStaleFor: [
    '0',
    '0s',
    '10m',
    '1h30m',
    '23h59m59s',
    '24h',
    '24h0m0s',
    '1440m',
    '86400s',
    '0.5h',
    '90m',
    '86400000ms',
  ],
  failoverTimeout: ['5s', '1ns', '0h1s', '1h1m.5s'],
  podIdentityHttpTimeout: ['', '250ms', '2.5s'],
};
const bad: Readonly<Record<Key, readonly string[]>> = {
  secretCacheTTL: [
    '2h',
    '1h1s',
    '1h30m',
    '1.5h',
    '61m',
    '60.5m',
    '60m1s',
    '3601s',
    '3600.5s',
    '24h',
    '10h',
    '100m',
    '-1s',
    '60',
    's',
  ],
  serveStaleFor: ['25h', '24h1s', '24.5h', '48h', '100h', '1441m', '1440.5m', '86401s', '100000s', '-1s', '1d'],
  failoverTimeout: ['0s', '0', '0h0m0s', '-1s', '5'],
  podIdentityHttpTimeout: ['0s', '0.0s', '2'],
};

describe('durations of the chart', () => {
  for (const key of Object.keys(flags) as Key[]) {
    it(`${key}: what is good passes the schema and starts the process`, () => {
      for (const text of good[key]) assert.ok(passes(key, text) && starts(key, text), text);
    });

    it(`${key}: what the process refuses the schema refuses`, () => {
      for (const text of bad[key]) assert.ok(!passes(key, text) && !starts(key, text), text);
    });
  }

  const amount = fc.oneof(
    fc.integer({ min: 0, max: 100_000 }).map(String),
    fc.tuple(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 99 })).map((parts) => parts.join('.')),
  );
  const part = (...units: string[]) => fc.tuple(amount, fc.constantFrom(...units)).map((pair) => pair.join(''));

  for (const key of ['secretCacheTTL', 'serveStaleFor'] as const) {
    it(`${key}: hours, minutes or seconds alone pass exactly when the process takes them`, () => {
      fc.assert(
        fc.property(part('h', 'm', 's'), (text) => {
          assert.equal(passes(key, text), starts(key, text), text);
        }),
        { numRuns: 2000 },
      );
    });

    it(`${key}: a sum below the limit passes`, () => {
      const sum = fc.array(part('h', 'm', 's', 'ms', 'us'), { minLength: 1, maxLength: 3 }).map((all) => all.join(''));
      fc.assert(
        fc.property(
          sum.filter((text) => starts(key, `${text}1ns`)),
          (text) => {
            assert.ok(passes(key, text), text);
          },
        ),
      );
    });
  }
});
