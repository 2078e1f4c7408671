import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { probeSts } from '../../src/cli/sts-probe.js';

describe('the probe for STS', () => {
  let server: Server;
  let answer = '';
  let url: string;
  before(async () => {
    server = createServer((_, response) => response.end(answer));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const never = new AbortController().signal;
  const cases: readonly [string, string, boolean, string | undefined][] = [
    [
      'an answer with its account',
      '<GetCallerIdentityResponse xmlns="x"><Account>000000000000</Account></GetCallerIdentityResponse>',
      true,
      '000000000000',
    ],
    ['a refusal in its form', '<ErrorResponse xmlns="x"><Error/></ErrorResponse>', true, undefined],
    ['another service’s error', '{"__type":"UnknownOperationException"}', false, undefined],
    ['a web page', '<html></html>', false, undefined],
  ];
  for (const [what, text, present, account] of cases) {
    it(`says ${present ? 'yes' : 'no'} to ${what}`, async () => {
      answer = text;
      assert.deepEqual(await probeSts(url, never), { present, account });
    });
  }

  it('names the endpoint when nobody answers', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    await assert.rejects(probeSts(`http://127.0.0.1:${port}`, never), {
      code: 'start_failed',
      message: `--endpoint-url http://127.0.0.1:${port} does not answer: connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  });
});
