/** A certificate authority of the stand-in's own, and certificates for the names that it plays. */
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { generate } from 'selfsigned';

export interface CertificateAuthority {
  /** PEM of the CA. */
  readonly ca: string;
  /** Key and certificate for a server of these host names and addresses, in PEM. */
  issue(names: readonly string[]): Promise<{ readonly key: string; readonly cert: string }>;
  /** The same for one name, ready for TLS and remembered. */
  contextFor(name: string): Promise<SecureContext>;
}

const validForMs = 7 * 24 * 3_600_000;

export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  const root = await generate([{ name: 'commonName', value: 'stand-in CA' }], {
    ...keyOptions(),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
    ],
  });
  const issue = (names: readonly string[]) => issueCertificate(names, { key: root.private, cert: root.cert });
  const contexts = new Map<string, Promise<SecureContext>>();
  return {
    ca: root.cert,
    issue,
    contextFor: (name) => {
      const known = contexts.get(name) ?? issue([name]).then((pair) => createSecureContext(pair));
      contexts.set(name, known);
      return known;
    },
  };
}

function keyOptions() {
  const now = Date.now();
  return {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // Clocks of clients may be a little behind.
    notBeforeDate: new Date(now - 3_600_000),
    notAfterDate: new Date(now + validForMs),
  } as const;
}

async function issueCertificate(names: readonly string[], ca: { readonly key: string; readonly cert: string }) {
  const made = await generate([{ name: 'commonName', value: (names[0] ?? 'stand-in').slice(0, 64) }], {
    ...keyOptions(),
    ca,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isIP(name) > 0 ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  });
  return { key: made.private, cert: made.cert };
}
