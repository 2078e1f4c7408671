/** Connections to AWS: kept, limited in time, trusted by the right roots, and through proxies. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generate } from 'selfsigned';
import { createCertificateAuthority } from '../../src/local/certificates.js';
import { readNetwork } from '../../src/network/network.js';
import { createTransport, type Transport, type TransportOptions } from '../../src/network/transport.js';
import { send, startOrigin, startProxy, type Origin } from '../support/origins.js';

type Env = Readonly<Record<string, string>>;
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const loopbackNames = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);

describe('createTransport', () => {
  let folder: string;
  let ca: string;
  let otherCa: string;
  let pair: { readonly key: string; readonly cert: string };
  const open: { close(): unknown }[] = [];
  const opened = <T extends { close(): unknown }>(resource: T): T => {
    open.push(resource);
    return resource;
  };
  const transport = (env: Env = {}, options: TransportOptions = {}): Transport =>
    opened(createTransport(readNetwork(env), { resolve: loopbackNames, ...options }));
  const hello = async (tls?: typeof pair): Promise<Origin> =>
    opened(await startOrigin((_request, response) => response.end('hello'), tls));

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'transport-'));
    const authority = await createCertificateAuthority();
    // Of another name: OpenSSL takes the first root that bears the issuer's.
    const other = await generate([{ name: 'commonName', value: 'other' }], { keyType: 'ec', algorithm: 'sha256' });
    pair = await authority.issue(['sts.example', 'proxy.example', '127.0.0.1']);
    [ca, otherCa] = [path.join(folder, 'ca.pem'), path.join(folder, 'other.pem')];
    await writeFile(ca, authority.ca);
    await writeFile(otherCa, `# a comment\n${other.cert}`);
  });
  afterEach(async () => {
    for (const resource of open.splice(0).reverse()) await resource.close();
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('keeps one connection for request after request, plain and encrypted', async () => {
    const [plain, secure] = [await hello(), await hello(pair)];
    const { requestHandler } = transport({ SSL_CERT_FILE: ca });
    for (let turn = 0; turn < 4; turn += 1) {
      assert.deepEqual(await send(requestHandler, `http://127.0.0.1:${plain.port}/a`), { status: 200, text: 'hello' });
      assert.deepEqual(await send(requestHandler, `https://sts.example:${secure.port}/a`), {
        status: 200,
        text: 'hello',
      });
    }
    assert.deepEqual([plain.connections, secure.connections], [1, 1]);
    assert.equal(secure.requests[0]?.headers.host, `sts.example:${secure.port}`);
  });

  it('closes idle connections, and resumes the TLS session on the next', async () => {
    const origin = await hello(pair);
    const { requestHandler } = transport({ SSL_CERT_FILE: ca }, { idleMs: 50 });
    await send(requestHandler, `https://sts.example:${origin.port}/`);
    await later(200);
    await send(requestHandler, `https://sts.example:${origin.port}/`);
    assert.deepEqual([origin.connections, origin.resumed], [2, 1]);
  });

  it('opens at most 100 connections to one host', async () => {
    const origin = opened(await startOrigin((_request, response) => void setTimeout(() => response.end('x'), 20)));
    const { requestHandler } = transport();
    await Promise.all(Array.from({ length: 250 }, () => send(requestHandler, `http://127.0.0.1:${origin.port}/`)));
    assert.equal(origin.connections, 100);
  });

  describe('time', () => {
    const timedOut = { name: 'TimeoutError', code: 'ETIMEDOUT' };

    it('gives up an attempt whose answer does not begin', async () => {
      const origin = opened(await startOrigin(() => undefined));
      const { requestHandler } = transport({}, { attemptMs: 100 });
      await assert.rejects(send(requestHandler, `http://127.0.0.1:${origin.port}/`), {
        ...timedOut,
        message: 'no whole answer within 100 ms',
      });
    });

    it('gives up an attempt whose answer does not end', async () => {
      const origin = opened(await startOrigin((_request, response) => response.write('half')));
      const { requestHandler } = transport({}, { attemptMs: 100 });
      await assert.rejects(send(requestHandler, `http://127.0.0.1:${origin.port}/`), {
        ...timedOut,
        message: 'no whole answer within 100 ms',
      });
    });

    it('gives up a TLS handshake that is not answered', async () => {
      const silent = net.createServer(() => undefined).listen(0, '127.0.0.1');
      await new Promise((resolve) => silent.once('listening', resolve));
      opened({ close: () => silent.close() });
      const { requestHandler } = transport({}, { connectMs: 100 });
      const { port } = silent.address() as net.AddressInfo;
      await assert.rejects(send(requestHandler, `https://127.0.0.1:${port}/`), { name: 'TimeoutError' });
    });

    it('gives up a name that does not resolve in time', async () => {
      const { requestHandler } = transport({}, { connectMs: 100, resolve: () => new Promise(() => undefined) });
      await assert.rejects(send(requestHandler, 'https://sts.example/'), { name: 'TimeoutError' });
    });

    it('gives up a proxy that does not answer', async () => {
      const proxy = opened(await startProxy({ target: 1, status: 0 }));
      const { requestHandler } = transport(
        { HTTPS_PROXY: `http://u:canary@proxy.example:${proxy.port}` },
        { connectMs: 100 },
      );
      await assert.rejects(send(requestHandler, 'https://sts.example/'), {
        name: 'TimeoutError',
        message: `proxy proxy.example:${proxy.port}: opened no connection to sts.example:443 within 100 ms`,
      });
    });

    it('takes an answer that arrived while the process was stalled', async () => {
      const origin = opened(await startOrigin((_request, response) => void setTimeout(() => response.end('late'), 30)));
      const { requestHandler } = transport({}, { attemptMs: 300 });
      const answer = send(requestHandler, `http://127.0.0.1:${origin.port}/`);
      await later(10);
      const until = performance.now() + 600;
      while (performance.now() < until);
      assert.equal((await answer).text, 'late');
    });

    it('stops at the signal of the caller, before, during and between head and end', async () => {
      const origin = opened(await startOrigin((_request, response) => response.write('half')));
      const { requestHandler } = transport();
      const url = `http://127.0.0.1:${origin.port}/`;
      await assert.rejects(send(requestHandler, url, AbortSignal.abort()), { name: 'AbortError' });
      const stop = new AbortController();
      setTimeout(() => {
        stop.abort();
      }, 50);
      await assert.rejects(send(requestHandler, url, stop.signal));
    });
  });

  describe('roots', () => {
    const untrusted = { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' };
    const trusting: readonly (readonly [string, () => Env])[] = [
      ['SSL_CERT_FILE', () => ({ SSL_CERT_FILE: ca })],
      ['AWS_CA_BUNDLE', () => ({ AWS_CA_BUNDLE: ca })],
      ['both, the first', () => ({ SSL_CERT_FILE: ca, AWS_CA_BUNDLE: otherCa })],
      ['both, the second', () => ({ SSL_CERT_FILE: otherCa, AWS_CA_BUNDLE: ca })],
      ['NODE_EXTRA_CA_CERTS', () => ({ NODE_EXTRA_CA_CERTS: ca })],
      ['NODE_EXTRA_CA_CERTS beside a replacement', () => ({ SSL_CERT_FILE: otherCa, NODE_EXTRA_CA_CERTS: ca })],
    ];
    for (const [name, env] of trusting) {
      it(`trusts what ${name} names`, async () => {
        const origin = await hello(pair);
        const { requestHandler } = transport(env());
        assert.equal((await send(requestHandler, `https://sts.example:${origin.port}/`)).text, 'hello');
      });
    }

    it('trusts nothing else', async () => {
      const origin = await hello(pair);
      for (const env of [{}, { SSL_CERT_FILE: otherCa }, { NODE_EXTRA_CA_CERTS: otherCa }, { SSL_CERT_FILE: '' }]) {
        const { requestHandler } = transport(env);
        await assert.rejects(send(requestHandler, `https://sts.example:${origin.port}/`), untrusted);
      }
    });

    it('refuses a certificate of another name', async () => {
      const origin = await hello(pair);
      const { requestHandler } = transport({ SSL_CERT_FILE: ca });
      await assert.rejects(send(requestHandler, `https://ssm.example:${origin.port}/`), {
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      });
    });

    for (const variable of ['SSL_CERT_FILE', 'AWS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS']) {
      it(`refuses to start with a file of ${variable} that is missing or holds no certificate`, async () => {
        const none = path.join(folder, 'none.pem');
        const key = path.join(folder, 'key.pem');
        const damaged = path.join(folder, 'damaged.pem');
        await writeFile(key, pair.key);
        await writeFile(damaged, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
        const cases = [
          [none, ` cannot be read: ENOENT: no such file or directory, open '${none}'`],
          [folder, ' cannot be read: EISDIR: illegal operation on a directory, read'],
          [key, ' holds no certificate in PEM form'],
          [damaged, ': certificate 1 of 1 is damaged'],
        ] as const;
        for (const [file, fault] of cases) {
          const message = `${variable}="${file}"${fault}`;
          assert.throws(() => readNetwork({ [variable]: file }), { code: 'start_failed', message });
        }
      });
    }
  });

  describe('proxies', () => {
    const user = `Basic ${Buffer.from('us er:p@ss').toString('base64')}`;

    it('leads encrypted requests through a tunnel, keeps it, and resumes TLS sessions through new ones', async () => {
      const origin = await hello(pair);
      const proxy = opened(await startProxy({ target: origin.port, user }));
      const env = { SSL_CERT_FILE: ca, HTTPS_PROXY: `us%20er:p%40ss@proxy.example:${proxy.port}` };
      const { requestHandler } = transport(env, { idleMs: 100 });
      for (let turn = 0; turn < 3; turn += 1)
        assert.equal((await send(requestHandler, 'https://sts.example/')).text, 'hello');
      assert.deepEqual(proxy.tunnels, ['sts.example:443']);
      await later(300);
      await send(requestHandler, 'https://sts.example/');
      assert.deepEqual([proxy.tunnels.length, origin.connections, origin.resumed], [2, 2, 1]);
      assert.equal(
        origin.requests.some(({ headers }) => 'proxy-authorization' in headers),
        false,
      );
    });

    it('speaks TLS with an https proxy', async () => {
      const origin = await hello(pair);
      const proxy = opened(await startProxy({ target: origin.port, tls: pair }));
      const { requestHandler } = transport({ SSL_CERT_FILE: ca, HTTPS_PROXY: `https://proxy.example:${proxy.port}` });
      assert.equal((await send(requestHandler, 'https://sts.example:8443/')).text, 'hello');
      assert.deepEqual(proxy.tunnels, ['sts.example:8443']);
    });

    it('asks an http proxy for the whole URL of a plain request', async () => {
      const proxy = opened(await startProxy({ target: 1 }));
      const { requestHandler } = transport({ HTTP_PROXY: `http://us%20er:p%40ss@proxy.example:${proxy.port}` });
      for (let turn = 0; turn < 2; turn += 1) {
        assert.equal((await send(requestHandler, 'http://sts.example:8080/path')).text, 'by proxy');
      }
      assert.equal(proxy.connections, 1);
      const [request] = proxy.requests;
      assert.equal(request?.url, 'http://sts.example:8080/path');
      assert.equal(request.headers.host, 'sts.example:8080');
      assert.equal(request.headers['proxy-authorization'], user);
    });

    it('passes by the proxy for hosts of NO_PROXY', async () => {
      const origin = await hello(pair);
      const proxy = opened(await startProxy({ target: 1, status: 403 }));
      const env = { SSL_CERT_FILE: ca, HTTPS_PROXY: `http://proxy.example:${proxy.port}`, no_proxy: '.example' };
      assert.equal((await send(transport(env).requestHandler, `https://sts.example:${origin.port}/`)).text, 'hello');
      assert.deepEqual(proxy.tunnels, []);
    });

    const refusals = [
      [407, 'ERR_PROXY_REFUSED', '; HTTPS_PROXY needs the right user and password'],
      [403, 'ERR_PROXY_REFUSED', '; allow it there, or add it to NO_PROXY'],
      [503, 'ECONNREFUSED', ''],
    ] as const;
    for (const [status, code, remedy] of refusals) {
      it(`says that the proxy answered ${status}, without its credentials`, async () => {
        const proxy = opened(await startProxy({ target: 1, status }));
        const { requestHandler } = transport({ HTTPS_PROXY: `http://u:canary@proxy.example:${proxy.port}` });
        await assert.rejects(send(requestHandler, 'https://sts.example/'), (error: Error & { code?: string }) => {
          const refused = `refused a connection to sts.example:443 with status ${status}${remedy}`;
          assert.equal(error.message, `proxy proxy.example:${proxy.port} ${refused}`);
          assert.equal(error.code, code);
          return true;
        });
      });
    }

    it('says that the proxy cannot be reached', async () => {
      const gone = await startProxy({ target: 1 });
      await gone.close();
      const { requestHandler } = transport({ HTTPS_PROXY: `http://u:canary@127.0.0.1:${gone.port}` });
      await assert.rejects(send(requestHandler, 'https://sts.example/'), {
        code: 'ECONNREFUSED',
        message: `proxy 127.0.0.1:${gone.port}: connect ECONNREFUSED 127.0.0.1:${gone.port}`,
      });
    });
  });
});
