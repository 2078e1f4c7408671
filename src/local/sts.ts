/** STS: AssumeRoleWithWebIdentity, unsigned as it is with AWS. */
import { Refusal, escapeXml, stsXml } from './answer.js';
import type { Answer } from './answer.js';
import { trusts } from './policy.js';
import type { Recognized } from './recognize.js';
import type { TokenClaims } from './tokens.js';
import type { World } from './world.js';

const audience = 'sts.amazonaws.com';
const defaultLifetimeMs = 3_600_000;

/** @throws Refusal in AWS's words */
export function answerSts(recognized: Recognized, world: World): Answer {
  if (recognized.action !== 'AssumeRoleWithWebIdentity') {
    throw new Refusal(400, 'InvalidAction', `Could not find operation ${recognized.action} for version 2011-06-15`);
  }
  const roleArn = requiredText(recognized, 'RoleArn');
  const sessionName = requiredText(recognized, 'RoleSessionName');
  const token = requiredText(recognized, 'WebIdentityToken');
  checkSessionName(sessionName);
  const claims = checkToken(token, world);
  const role = world.store.roles.get(roleArn);
  const serviceAccount = claims.subject.split(':').slice(2).join('/');
  if (!/^arn:[a-z-]+:iam::\d{12}:role\/.+$/.test(roleArn)) {
    throw new Refusal(400, 'ValidationError', `${roleArn} is invalid`);
  }
  if (!role || !trusts(world.store, role, serviceAccount)) {
    throw new Refusal(403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity');
  }
  const expiresAt = world.now + lifetimeMs(recognized, world);
  const session = world.sessions.start({ roleArn, sessionName, expiresAt });
  const result = {
    Audience: audience,
    AssumedRoleUser: { AssumedRoleId: `AROASTANDINROLE00000:${sessionName}`, Arn: session.arn },
    Provider: world.issuer.issuer.replace('https://', `arn:aws:iam::${session.account}:oidc-provider/`),
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.sessionToken,
      Expiration: new Date(expiresAt).toISOString(),
    },
    SubjectFromWebIdentityToken: claims.subject,
  };
  return stsXml(recognized.action, xmlOf(result));
}

type XmlTree = { readonly [name: string]: string | XmlTree };

function xmlOf(tree: XmlTree): string {
  const parts = Object.entries(tree).map(([name, content]) => {
    return `<${name}>${typeof content === 'string' ? escapeXml(content) : xmlOf(content)}</${name}>`;
  });
  return parts.join('');
}

function requiredText({ parameters }: Recognized, name: string): string {
  const value = parameters[name];
  if (typeof value === 'string' && value !== '') return value;
  const field = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  throw validationError(`Value null at '${field}' failed to satisfy constraint: Member must not be null`);
}

function validationError(problem: string): Refusal {
  return new Refusal(400, 'ValidationError', `1 validation error detected: ${problem}`);
}

function checkSessionName(name: string): void {
  const constraint = `Value '${name}' at 'roleSessionName' failed to satisfy constraint: Member must`;
  if (name.length < 2) throw validationError(`${constraint} have length greater than or equal to 2`);
  if (name.length > 64) throw validationError(`${constraint} have length less than or equal to 64`);
  if (!/^[\w+=,.@-]*$/.test(name)) {
    throw validationError(`${constraint} satisfy regular expression pattern: [\\w+=,.@-]*`);
  }
}

function checkToken(token: string, world: World): TokenClaims {
  const claims = world.issuer.read(token);
  if (claims === 'not-a-token') {
    throw new Refusal(
      400,
      'InvalidIdentityToken',
      'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
    );
  }
  if (claims === 'bad-signature') {
    const problem =
      "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";
    throw new Refusal(400, 'InvalidIdentityToken', problem);
  }
  const now = Math.floor(world.now / 1000);
  if (claims.expiresAt <= now) {
    const problem = `Token expired: current date/time ${now} must be before the expiration date/time${claims.expiresAt}`;
    throw new Refusal(400, 'ExpiredTokenException', problem);
  }
  if (!claims.audiences.includes(audience)) {
    throw new Refusal(400, 'InvalidIdentityToken', 'Incorrect token audience');
  }
  return claims;
}

function lifetimeMs({ parameters }: Recognized, world: World): number {
  const asked = Number(parameters['DurationSeconds']);
  return world.credentialLifetimeMs ?? (asked > 0 ? asked * 1000 : defaultLifetimeMs);
}
