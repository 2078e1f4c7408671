/** Every limit of time, size and number that one mount may cost, in one place, with its reason. */

/** A mount's time when the caller sets no deadline, and the most it takes when it sets a longer one. Kubelet gives 2 minutes. */
export const mountBudgetMs = 90_000;

/** Part of the caller's remaining time that a mount may use: the rest brings the answer home as a final status. */
export const deadlineShare = 0.8;

/** Longest wait for mounts in flight after SIGTERM; what is left then is answered INTERNAL. */
export const drainMs = 15_000;

/** Longest time for one attempt at an AWS API, from the request to the whole answer. */
export const awsAttemptMs = 15_000;

/** Longest time to open a connection to AWS. */
export const awsConnectMs = 3_000;

/** Attempts at one AWS call (standard retry mode of the SDK). */
export const awsAttempts = 3;

/** AWS calls of one mount that are under way at once. */
export const awsCallsPerMount = 20;

/** Longest time for one request to the Kubernetes API. */
export const kubernetesAttemptMs = 10_000;

/** How long before its expiry a credential is no longer used. */
export const credentialMarginMs = 5 * 60_000;

/** Longest life of credentials from the Pod Identity Agent in this process. */
export const podIdentityCredentialMs = 15 * 60_000;

/** Credentials kept in memory at most; the least recently used go first. */
export const credentialEntries = 2_000;

/** Largest `objects` parameter, in bytes. */
export const objectsBytes = 256 * 1024;

/** Most entries of an `objects` list, and of one entry's `jmesPath` list. */
export const objectsEntries = 1_000;

/** Longest JMESPath expression, in bytes, and its deepest nesting. */
export const expressionBytes = 1024;
export const expressionDepth = 32;

/** Largest result of a JMESPath expression, in bytes. */
export const expressionResultBytes = 64 * 1024;

/** Longest path of a file in the volume, and longest element of it, in bytes (the driver's limits). */
export const pathBytes = 4096;
export const pathElementBytes = 255;
