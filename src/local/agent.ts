/** The EKS Pod Identity Agent: `GET /v1/credentials` with the pod's token. */
import { randomUUID } from 'node:crypto';
import { Refusal, plainJson } from './answer.js';
import type { Answer } from './answer.js';
import type { Recognized } from './recognize.js';
import type { TokenClaims } from './tokens.js';
import type { World } from './world.js';

const audience = 'pods.eks.amazonaws.com';
const defaultLifetimeMs = 6 * 3_600_000;

/**
 * @param authority the only `Host` that the agent accepts
 * @throws Refusal in the agent's words
 */
export function answerAgent(recognized: Recognized, authority: string, world: World): Answer {
  if (recognized.action !== 'credentials') throw new Refusal(404, 'NotFound', '404 page not found');
  if (recognized.incoming.host !== authority) {
    const problem = `Called agent through invalid address, please use either [${authority}] address not ${recognized.incoming.host}`;
    throw new Refusal(403, 'AccessDenied', `Access Denied. ${problem}`);
  }
  const claims = checkToken(recognized.token ?? '', world);
  const roleArn = associatedRole(claims, world);
  const expiresAt = world.now + (world.credentialLifetimeMs ?? defaultLifetimeMs);
  const sessionName = `eks-stand-in-${claims.pod ?? ''}-${randomUUID()}`.slice(0, 64);
  const session = world.sessions.start({ roleArn, sessionName, expiresAt });
  return plainJson({
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    Token: session.sessionToken,
    AccountId: session.account,
    Expiration: new Date(expiresAt).toISOString(),
  });
}

/** The agent looks at form and expiry, the service behind it at the rest. */
function checkToken(token: string, world: World): TokenClaims {
  if (token === '') throw badRequest('Service account token cannot be empty');
  const claims = world.issuer.read(token);
  if (claims === 'not-a-token') {
    throw badRequest(
      'Service account token cannot be parsed: token is malformed: token contains an invalid number of segments',
    );
  }
  if (claims === 'bad-signature') {
    throw serviceError(400, 'InvalidTokenException', 'The provided token could not be validated');
  }
  if (claims.expiresAt * 1000 <= world.now) {
    throw badRequest(
      'Service account token failed basic claim validations: token has invalid claims: token is expired',
    );
  }
  if (!claims.audiences.includes(audience)) {
    throw serviceError(
      400,
      'InvalidTokenException',
      'Unauthorized Exception! EKS does not have permissions to validate this audience',
    );
  }
  return claims;
}

function associatedRole({ namespace, serviceAccount }: TokenClaims, world: World): string {
  if (namespace === undefined || serviceAccount === undefined) {
    throw serviceError(400, 'InvalidTokenException', 'The token lacks the claims of a pod');
  }
  const role = world.store.associations.get(`${namespace}/${serviceAccount}`);
  if (role === undefined) {
    const problem = `No association found for the service account ${serviceAccount} in namespace ${namespace}`;
    throw serviceError(404, 'ResourceNotFoundException', problem);
  }
  if (!world.store.roles.has(role)) {
    throw serviceError(400, 'AccessDeniedException', 'Unauthorized to assume the role of the association');
  }
  return role;
}

function badRequest(message: string): Refusal {
  return new Refusal(400, 'BadRequest', message);
}

function serviceError(status: number, code: string, message: string): Refusal {
  return new Refusal(status, code, `[${randomUUID()}]: (${code}): ${message}, fault: client`);
}
