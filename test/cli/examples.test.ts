/** Every example is mounted through `try` against stand-in and provider; what its volume holds stands here. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { Place, requireBuild } from './try-run.js';

const catalog =
  '{"username": "catalog", "password": "made-up-catalog-password", "replicas": [{"host": "replica-1.shop.internal", "port": 5432}]}';

/** By class: path, mode and content of every file. */
const volumes: Readonly<Record<string, Readonly<Record<string, readonly [number, string]>>>> = {
  web: {
    shop_database: [0o400, 'postgres://web:made-up-horse-battery@db.shop.internal:5432/shop'],
    'log-level': [0o644, 'info'],
  },
  billing: { 'payment-api-key': [0o644, 'made-up-key-4711'] },
  orders: { 'queue-password': [0o644, 'made-up-orders-password'] },
  catalog: {
    'catalog.json': [0o400, catalog],
    'db-username': [0o444, 'catalog'],
    'db-password': [0o400, 'made-up-catalog-password'],
    'db-replica-host': [0o444, 'replica-1.shop.internal'],
  },
  search: {
    'search-key': [0o644, 'made-up-search-key-frankfurt'],
    'search-host': [0o644, 'search.ireland.shop.internal'],
  },
  reports: {
    'signing-key': [0o644, 'made-up-signing-key-of-2025'],
    'signing-key-previous': [0o644, 'made-up-signing-key-of-2024'],
    'signing-key-first': [0o644, 'made-up-signing-key-of-2023'],
    'report-template-v1': [0o644, 'Report of the first kind'],
    'report-template-stable': [0o644, 'Report of the second kind'],
  },
  ingress: {
    'tls/tls.crt': [0o644, '-----BEGIN CERTIFICATE-----\nmade up, no certificate at all\n-----END CERTIFICATE-----\n'],
    'tls/tls.key': [0o400, 'made-up-private-key'],
    'shop/ingress/limits/requests': [0o644, '100'],
  },
  mail: {
    shop_smtp: [0o644, '{"user": "mailer", "password": "made-up-smtp-password"}'],
    'smtp-user': [0o644, 'mailer'],
    'smtp-password': [0o644, 'made-up-smtp-password'],
  },
  warehouse: { 'warehouse-password': [0o644, 'made-up-warehouse-password'] },
  cart: { 'session-key': [0o440, 'made-up-session-key'], 'cart-limit': [0o644, '25'] },
};

function filesBelow(directory: string): Record<string, [number, string]> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(path.join(directory, name)).isFile());
  return Object.fromEntries(
    files.map((name) => {
      const file = path.join(directory, name);
      return [name, [statSync(file).mode & 0o7777, readFileSync(file, 'utf8')]];
    }),
  );
}

describe('the examples, mounted', () => {
  const place = new Place();
  before(() => {
    requireBuild();
    place.enter();
  });
  after(() => {
    place.leave();
  });

  for (const mode of [[], ['--driver-writes'], ['--pod-identity']]) {
    it(`give exactly these files ${mode.join('') || 'by IRSA, written by the provider'}`, async () => {
      const target = `out${mode.join('')}`;
      const run = place.start(['--all', '--target', target, ...mode]);
      assert.equal(await run.code, 0, run.output() + run.errors());
      const directory = path.join(place.work, target);
      const found = readdirSync(directory).map((name) => [name, filesBelow(path.join(directory, name))]);
      assert.deepEqual(Object.fromEntries(found), volumes);
      assert.deepEqual(place.leftovers(), []);
    });
  }
});
