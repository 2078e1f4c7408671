/** The certificate authorities that connections to AWS trust. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { describeError, ProviderError, quote } from './errors.js';

/** Both take the place of the built-in roots; where both are given, both count. */
const replacing = ['SSL_CERT_FILE', 'AWS_CA_BUNDLE'] as const;

/** Adds to whatever roots hold. Node reads it too, but not for a connection that names its roots. */
const adding = 'NODE_EXTRA_CA_CERTS';

/**
 * The roots in PEM, or `undefined` when Node's own hold.
 * @throws ProviderError `start_failed` when a file cannot be read or holds no certificate
 */
export function readTrustedRoots(env: Readonly<Record<string, string | undefined>>): readonly string[] | undefined {
  const given = replacing.flatMap((variable) => readCertificates(variable, env[variable]));
  const extra = readCertificates(adding, env[adding]);
  if (given.length > 0) return [...given, ...extra];
  return extra.length > 0 ? [...rootCertificates, ...extra] : undefined;
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
