/** IAM's decisions: may a role do something, and may a service account become a role. */
import { Refusal } from './answer.js';
import type { Session } from './sessions.js';
import { parameterKey, roleAnnotation, wildcard } from './store.js';
import type { Store, StoredRole, StoredStatement } from './store.js';

/** What a session wants to do. */
export interface Access {
  /** `secretsmanager:GetSecretValue` */
  readonly action: string;
  readonly region: string;
  /** ARN that policies are matched with. */
  readonly arn: string;
  /** Name of the secret or parameter. */
  readonly name: string;
  /** How AWS's message names the resource. */
  readonly shown: string;
}

/** @throws Refusal `AccessDeniedException` in AWS's words */
export function authorize(store: Store, session: Session, access: Access): void {
  const role = store.roles.get(session.roleArn);
  if (role?.deny.some((statement) => covers(statement, access)) === true) {
    throw denied(session, access, 'with an explicit deny in an identity-based policy');
  }
  if (role?.allow.some((statement) => covers(statement, access)) !== true) {
    throw denied(session, access, `because no identity-based policy allows the ${access.action} action`);
  }
  const account = access.arn.split(':')[4];
  if (account !== session.account && !isShared(store, access)) {
    throw denied(session, access, `because no resource-based policy allows the ${access.action} action`);
  }
}

/** Says whether a policy of the role denies `kms:Decrypt`; the default keys need no permission of their own. */
export function mayDecrypt(store: Store, session: Session, access: Omit<Access, 'action' | 'shown'>): boolean {
  const decrypt = { ...access, action: 'kms:Decrypt', shown: access.arn };
  return store.roles.get(session.roleArn)?.deny.some((statement) => covers(statement, decrypt)) !== true;
}

/** Says whether the trust policy lets a service account assume the role. */
export function trusts(store: Store, role: StoredRole, serviceAccount: string): boolean {
  if (role.trust) return role.trust.some((pattern) => wildcard(pattern).test(serviceAccount));
  return store.serviceAccounts.get(serviceAccount)?.annotations[roleAnnotation] === role.arn;
}

function covers(statement: StoredStatement, access: Access): boolean {
  return (
    statement.actions.some((action) => action.test(access.action)) &&
    (statement.regions === undefined || statement.regions.includes(access.region)) &&
    (statement.resources.some((resource) => resource.test(access.arn)) ||
      statement.names.some((name) => name.test(parameterKey(access.name))))
  );
}

/** A secret of another account is in the store because that account shares it. */
function isShared(store: Store, access: Access): boolean {
  return store.secrets.get(access.region)?.get(access.name)?.arn === access.arn;
}

function denied(session: Session, access: Access, reason: string): Refusal {
  const message = `User: ${session.arn} is not authorized to perform: ${access.action} on resource: ${access.shown} ${reason}`;
  return new Refusal(400, 'AccessDeniedException', message);
}
