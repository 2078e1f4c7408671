/** Temporary credentials: given by STS and the agent, known by their access key. */
import { randomBytes, randomInt } from 'node:crypto';

/** A role session and its credentials. */
export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** Place in the order of all sessions. */
  readonly serial: number;
  readonly roleArn: string;
  readonly account: string;
  readonly sessionName: string;
  /** `arn:aws:sts::<account>:assumed-role/<role>/<session>` */
  readonly arn: string;
}

export interface NewSession {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly expiresAt: number;
}

/** All sessions of one stand-in. */
export class Sessions {
  readonly #byKey = new Map<string, Session>();
  #expiredUntil = 0;
  #serial = 0;

  start({ roleArn, sessionName, expiresAt }: NewSession): Session {
    const [, partition = 'aws', , , account = ''] = roleArn.split(':');
    const session = {
      accessKeyId: `ASIA${randomText(16)}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      sessionToken: randomBytes(192).toString('base64'),
      expiresAt,
      serial: ++this.#serial,
      roleArn,
      account,
      sessionName,
      arn: `arn:${partition}:sts::${account}:assumed-role/${roleArn.slice(roleArn.lastIndexOf('/') + 1)}/${sessionName}`,
    };
    this.#byKey.set(session.accessKeyId, session);
    return session;
  }

  find(accessKeyId: string): Session | undefined {
    return this.#byKey.get(accessKeyId);
  }

  isExpired(session: Session, now: number): boolean {
    return now >= session.expiresAt || session.serial <= this.#expiredUntil;
  }

  /** Calls every session so far expired. */
  expireAll(): void {
    this.#expiredUntil = this.#serial;
  }

  /** Forgets every session so far. */
  revokeAll(): void {
    this.#byKey.clear();
  }
}

/** Random capital letters and digits as AWS's key ids have them. */
export function randomText(length: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
}
