/** Stands before moto, which neither tells what it was asked nor can fail in one region alone. */
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** `service action region`; STS takes unsigned calls, whose region nobody can tell behind one URL. */
export type GatedCall = string;

/** What a region that is down says. */
export const outageWords = 'the region is down, as a test wants it';

export class RegionGate {
  /** In order of arrival, retries included. */
  readonly calls: GatedCall[] = [];
  /** Regions whose Secrets Manager and Parameter Store answer 503. */
  readonly down = new Set<string>();
  readonly #server: Server;
  readonly #behind: URL;

  private constructor(behind: string) {
    this.#behind = new URL(behind);
    this.#server = createServer((incoming, outgoing) => {
      this.#pass(incoming, outgoing).catch((error: unknown) =>
        outgoing.destroy(error instanceof Error ? error : undefined),
      );
    });
  }

  /** A gate before the server at this URL, on a free port. */
  static async open(behind: string): Promise<RegionGate> {
    const gate = new RegionGate(behind);
    await new Promise<void>((resolve) => gate.#server.listen(0, '127.0.0.1', resolve));
    return gate;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await text(incoming);
    const [, region = '', service = 'sts'] =
      /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\//.exec(incoming.headers.authorization ?? '') ?? [];
    const action = String(incoming.headers['x-amz-target'] ?? new URLSearchParams(body).get('Action')).replace(
      /^.*\./,
      '',
    );
    this.calls.push([service, action, region].join(' ').trim());
    if (this.down.has(region)) {
      outgoing
        .writeHead(503, { 'content-type': 'application/x-amz-json-1.1' })
        .end(JSON.stringify({ __type: 'ServiceUnavailable', message: outageWords }));
      return;
    }
    await this.#forward(incoming, body, outgoing);
  }

  #forward(incoming: IncomingMessage, body: string, outgoing: ServerResponse): Promise<void> {
    const { hostname, port } = this.#behind;
    const { method, url, headers } = incoming;
    return new Promise((resolve, reject) => {
      const passed = request({ hostname, port, method, path: url, headers, agent: false }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing).once('close', resolve);
      });
      passed.once('error', reject).end(body);
    });
  }
}
