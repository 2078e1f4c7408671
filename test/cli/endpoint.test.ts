import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Place, requireBuild } from './try-run.js';

const ownClass = `
kind: SecretProviderClass
metadata: {name: own}
spec:
  provider: aws
  parameters:
    region: eu-west-1
    objects: "- {objectName: own/secret, objectType: secretsmanager}"
`;

const identity =
  '<GetCallerIdentityResponse><GetCallerIdentityResult><Account>000000000000</Account></GetCallerIdentityResult></GetCallerIdentityResponse>';

const credentials = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAOFTHEENDPOINT</AccessKeyId>
<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>
</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;

/** Another AWS endpoint: one secret, and STS or not. */
class Endpoint {
  sts = false;
  readonly roles: string[] = [];
  readonly keys: string[] = [];
  readonly #server: Server = createServer((request, response) => {
    void this.#answer(request).then((text) => response.end(text));
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage): Promise<string> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const form = new URLSearchParams(body);
    if (form.get('Action') === 'GetCallerIdentity') return this.sts ? identity : '{}';
    if (form.get('Action') === 'AssumeRoleWithWebIdentity') {
      this.roles.push(form.get('RoleArn') ?? '');
      return credentials;
    }
    this.keys.push(/Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1] ?? '');
    return JSON.stringify({ Name: 'own/secret', SecretString: 'of the endpoint', VersionId: 'v1' });
  }
}

describe('try with another endpoint', () => {
  const place = new Place();
  const endpoint = new Endpoint();
  let url: string;
  before(async () => {
    requireBuild();
    place.enter();
    url = await endpoint.listen();
  });
  after(() => {
    endpoint.close();
    place.leave();
  });

  async function run() {
    endpoint.roles.length = 0;
    endpoint.keys.length = 0;
    const started = place.start(['-f', place.write('own.yaml', ownClass), '--endpoint-url', url, '--show-values']);
    assert.equal(await started.code, 0, started.output() + started.errors());
    assert.match(started.output(), /own_secret {2}0644 {2}15 B {2}version v1 {2}of the endpoint/);
    assert.ok(started.output().includes(`AWS is ${url}; a stand-in plays Kubernetes`));
  }

  it('takes values and STS from it, with a role of its account', async () => {
    endpoint.sts = true;
    await run();
    assert.deepEqual(endpoint.roles, ['arn:aws:iam::000000000000:role/default-default']);
    assert.deepEqual(endpoint.keys, ['ASIAOFTHEENDPOINT']);
  });

  it('plays STS itself where it has none', async () => {
    endpoint.sts = false;
    await run();
    assert.deepEqual(endpoint.roles, []);
    assert.equal(endpoint.keys.length, 1);
    assert.notEqual(endpoint.keys[0], 'ASIAOFTHEENDPOINT');
  });

  it('ends with 1 and a sentence when nobody answers there', async () => {
    const closed = new Endpoint();
    const gone = await closed.listen();
    closed.close();
    const started = place.start(['--endpoint-url', gone]);
    assert.equal(await started.code, 1);
    assert.match(started.errors(), /^--endpoint-url http:\S+ does not answer: connect ECONNREFUSED \S+\n$/);
    assert.deepEqual(place.leftovers(), []);
  });
});
