/** The certificate authorities that connections to AWS trust. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { describeError, ProviderError, quote } from '../errors.js';

/** Both take the place of the built-in roots; where both are given, both count. */
const replacing = ['SSL_CERT_FILE', 'AWS_CA_BUNDLE'] as const;

/** Adds to whatever roots hold. Node reads it too, but not for a connection that names its roots, as all here do. */
const adding = 'NODE_EXTRA_CA_CERTS';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The roots in PEM. The files are read and checked at once, Node's own roots only when they are asked for.
 * @throws ProviderError `start_failed` when a file cannot be read or holds no certificate
 */
export function readTrustedRoots(env: Environment): () => string[] {
  const given = replacing.flatMap((variable) => readCertificates(variable, env[variable]));
  const extra = readCertificates(adding, env[adding]);
  return () => [...(given.length > 0 ? given : rootCertificates), ...extra];
}

/**
 * Node's own roots and those that add to them. To be given wherever no other roots are: Node is started so that its
 * default is OpenSSL's (`node-flags.ts`), which is another one on each machine.
 * @throws ProviderError `start_failed` as above
 */
export function readStandardRoots(env: Environment): string[] {
  return [...rootCertificates, ...readCertificates(adding, env[adding])];
}

function readCertificates(variable: string, path: string | undefined): readonly string[] {
  if (path === undefined || path === '') return [];
  const where = `${variable}=${quote(path)}`;
  const text = readText(where, path);
  const blocks = text.match(/-----BEGIN (X509 )?CERTIFICATE-----[^-]+-----END (X509 )?CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new ProviderError('start_failed', `${where} holds no certificate in PEM form`);
  blocks.forEach((block, place) => {
    checkCertificate(`${where}: certificate ${place + 1} of ${blocks.length}`, block);
  });
  return blocks;
}

function readText(where: string, path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    throw new ProviderError('start_failed', `${where} cannot be read: ${describeError(error)}`, { cause: error });
  }
}

function checkCertificate(what: string, block: string): void {
  try {
    new X509Certificate(block);
  } catch (error) {
    throw new ProviderError('start_failed', `${what} is damaged`, { cause: error });
  }
}
