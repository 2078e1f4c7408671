/** A real name server on loopback: answers some names, denies others, and is silent about the rest. */
import dgram from 'node:dgram';
import net from 'node:net';

export interface NameServerOptions {
  /** Addresses of a name, none when it does not exist, or `silent`. */
  readonly answer: (name: string) => readonly string[] | 'silent';
  readonly host?: string;
  readonly port?: number;
}

export interface NameServer {
  /** `address:port` */
  readonly authority: string;
  /** Names that were asked for so far, once for each question. */
  readonly asked: readonly string[];
  readonly close: () => Promise<void>;
}

const types: Readonly<Record<number, number>> = { 1: 4, 28: 6 };

/** @throws the error of the system when the address cannot be bound */
export async function startNameServer(options: NameServerOptions): Promise<NameServer> {
  const { answer, host = '127.0.0.1', port = 0 } = options;
  const asked: string[] = [];
  const socket = dgram.createSocket('udp4');
  socket.on('message', (query, from) => {
    const { name, type, end } = readQuestion(query);
    asked.push(name);
    const addresses = answer(name);
    if (addresses !== 'silent') socket.send(reply(query.subarray(0, end), type, addresses), from.port, from.address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, resolve);
  });
  return {
    authority: `${host}:${socket.address().port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        socket.close(resolve);
      }),
  };
}

/** The first question after the header of twelve bytes: labels with their lengths, type, class. */
function readQuestion(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function reply(question: Buffer, type: number, addresses: readonly string[]): Buffer {
  const records = addresses.filter((address) => net.isIP(address) === types[type]).map((one) => record(one, type));
  const head = Buffer.from(question.subarray(0, 12));
  head.writeUInt16BE(addresses.length > 0 ? 0x8180 : 0x8183, 2);
  head.writeUInt16BE(records.length, 6);
  head.fill(0, 8);
  return Buffer.concat([head, question.subarray(12), ...records]);
}

/** Points to the name in the question; class IN, 60 s. */
function record(address: string, type: number): Buffer {
  const bytes = type === 1 ? Buffer.from(address.split('.').map(Number)) : ipv6Bytes(address);
  return Buffer.concat([Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, bytes.length]), bytes]);
}

function ipv6Bytes(address: string): Buffer {
  const [left = '', right = ''] = address.split('::');
  const groups = (text: string) => text.split(':').filter((group) => group !== '');
  const missing = 8 - groups(left).length - groups(right).length;
  const all = [...groups(left), ...Array.from({ length: missing }, () => '0'), ...groups(right)];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}
