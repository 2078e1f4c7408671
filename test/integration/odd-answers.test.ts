/** Answers that AWS and Kubernetes do not give, but that what stands before them may: no crash, no secret in a message. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { status, type ServiceError } from '@grpc/grpc-js';
import { region, texts, World } from '../support/world.js';

interface Odd {
  readonly status: number;
  readonly body: string;
}

const credentials = (fields: string) =>
  `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>${fields}</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;
const key = '<AccessKeyId>AKIAODD</AccessKeyId><SecretAccessKey>canary-odd-key</SecretAccessKey>';
const good = credentials(
  `${key}<SessionToken>canary-odd-session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>`,
);
const secret = '- { objectName: s, objectType: secretsmanager }';
const parameter = '- { objectName: p, objectType: ssmparameter }';

describe('odd answers', () => {
  let sts: Odd;
  let service: Odd;
  let server: Server;
  let world: World;
  let mounts = 0;

  before(async () => {
    server = createServer((request, response) => {
      request.resume();
      request.on('end', () => {
        const { status: code, body } = request.headers['x-amz-target'] === undefined ? sts : service;
        response.writeHead(code).end(body);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    world = await World.start({
      store: () => ({ roles: { app: {} }, serviceAccounts: { 'ns/app': { role: 'app' } } }),
      flags: ['--qps=1000', '--burst=2000'],
      environment: { AWS_ENDPOINT_URL: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` },
    });
    for (const text of ['canary-odd-key', 'canary-odd-session', 'canary-odd-value']) world.canaries.keep(text);
  });
  after(async () => {
    await world.stop();
    server.close();
  });
  beforeEach(() => {
    sts = { status: 200, body: good };
    service = { status: 200, body: JSON.stringify({ SecretString: 'v', VersionId: 'id' }) };
  });

  /** Every mount is another pod's, so that no credentials of a former one hide the answer. */
  function pod(): string {
    mounts += 1;
    return `pod-${String(mounts)}`;
  }

  async function failure(objects: string): Promise<ServiceError> {
    return world.failure({ objects, pod: pod() });
  }

  for (const [title, body] of [
    ['an answer that is cut off', good.slice(0, 200)],
    ['an expiry that is none', good.replace('2099-01-01T00:00:00Z', 'canary-odd-value')],
    ['no session token', credentials(`${key}<Expiration>2099-01-01T00:00:00Z</Expiration>`)],
    ['no key', credentials('<SessionToken>canary-odd-session</SessionToken>')],
    ['an empty answer', ''],
    ['a page', '<html><body>canary-odd-value'],
  ] as const) {
    it(`of STS: ${title}`, async () => {
      sts = { status: 200, body };
      const error = await failure(secret);
      assert.equal(error.code, status.INTERNAL);
      assert.match(
        error.details,
        /no usable answer from STS in eu-west-1 for role "arn:aws:iam::111122223333:role\/app"/,
      );
      assert.doesNotMatch(error.details, /sdk|hidden field|Deserialization/i);
    });
  }

  for (const page of ['<html><body>canary-odd-value', '<html>canary-odd-value</html>', 'canary-odd-value']) {
    it(`of STS: a refusal that is not AWS's own names the status and none of it (${page.slice(0, 8)})`, async () => {
      sts = { status: 403, body: page };
      const error = await failure(secret);
      assert.equal(error.code, status.INTERNAL);
      assert.match(
        error.details,
        /STS in eu-west-1 .* answered HTTP 403, not in the form of its API; check the endpoint/,
      );
      assert.doesNotMatch(error.details, /sdk|hidden field|Deserialization|Unknown/i);
    });
  }

  for (const [title, body, objects] of [
    ['a value that is a number', { SecretString: 5, VersionId: 'id' }, secret],
    ['a value that is an object', { SecretString: { v: 'canary-odd-value' }, VersionId: 'id' }, secret],
    ['a version that is a number', { SecretString: 'canary-odd-value', VersionId: 5 }, secret],
    ['no version', { SecretString: 'canary-odd-value' }, secret],
    ['no value', { VersionId: 'id' }, secret],
    ['a parameter whose value is a number', { Parameters: [{ Name: 'p', Value: 5, Version: 1 }] }, parameter],
    ['a parameter whose name is a number', { Parameters: [{ Name: 5, Value: 'v', Version: 1 }] }, parameter],
    ['a parameter without a version', { Parameters: [{ Name: 'p', Value: 'canary-odd-value' }] }, parameter],
    ['another parameter', { Parameters: [{ Name: 'q', Value: 'canary-odd-value', Version: 1 }] }, parameter],
  ] as const) {
    it(`of a service: ${title}`, async () => {
      service = { status: 200, body: JSON.stringify(body) };
      const error = await failure(objects);
      assert.equal(error.code, status.INTERNAL);
      assert.match(error.details, /objects\[0\] "[sp]": .* in eu-west-1 .* gave an answer that its API does not have/);
    });
  }

  it('of Secrets Manager: JSON that is cut off in the value', async () => {
    service = { status: 200, body: '{"SecretString":"canary-odd-value' };
    assert.equal((await failure(secret)).code, status.INTERNAL);
  });

  it('of Parameter Store: more than was asked for is not mounted', async () => {
    const more = { Name: 'q', Value: 'canary-odd-value', Version: 1 };
    service = { status: 200, body: JSON.stringify({ Parameters: [more, { Name: '/p', Value: 'v', Version: 2 }] }) };
    const answer = await world.mount({ objects: parameter, pod: pod() });
    assert.deepEqual(texts(answer.tree), { p: 'v' });
    assert.deepEqual(answer.versions, { p: '2' });
  });

  it('of a token that is no JWT: AWS judges it', async () => {
    for (const token of ['opaque-token-0123456789', 'a.bnVsbA.c', 'a.eyJleHAiOiJ4IiwiaXNzIjo1fQ.c']) {
      const tokens = JSON.stringify({ 'sts.amazonaws.com': { token, expirationTimestamp: '2020-01-01T00:00:00Z' } });
      assert.deepEqual(texts((await world.mount({ objects: secret, tokens })).tree), { s: 'v' });
    }
  });

  it('of the Kubernetes API: none in the time that the mount has, names the service account', async () => {
    const fault = world.standIn.fault({ service: 'kubernetes', effect: { kind: 'hang' } });
    const error = await world.failure({ objects: secret, pod: pod(), deadlineMs: 800, parameters: { region } });
    fault.remove();
    assert.equal(error.code, status.INTERNAL);
    assert.match(error.details, /Kubernetes API gave no answer for service account "ns\/app" \(no answer in the time/);
  });
});
