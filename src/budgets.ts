/** Every limit of time, size and number that one mount may cost, in one place, with its reason. */

/** A mount's time when the caller sets no deadline, and the most it takes when it sets a longer one. Kubelet gives 2 minutes. */
export const mountBudgetMs = 90_000;

/** Part of the caller's remaining time that a mount may use: the rest brings the answer home as a final status. */
export const deadlineShare = 0.8;

/** Longest wait for mounts in flight after SIGTERM; what is left then is answered INTERNAL. */
export const drainMs = 15_000;

/** How long a mount that was told to stop may go on (it may be among its renames) before its caller is answered. */
export const answerGraceMs = 500;

/** Longest wait for the last answers of a stopping process to reach their callers. */
export const flushMs = 1_000;

/** How often the process looks whether the socket's path still leads to it. */
export const socketWatchMs = 1_000;

/** How long the socket may be gone for good before `/healthz` asks for a new container, which gets its directory anew. */
export const socketLostMs = 60_000;

/** Connections to the health endpoints at once; one more ends the oldest, or whoever holds them would keep the kubelet out. */
export const healthConnections = 50;

/** Longest time for a request to the health endpoints to arrive. */
export const healthRequestMs = 5_000;

/**
 * Longest status message in bytes as it is sent, percent-encoded. It travels in a header block, of which some gRPC
 * clients accept no more than 8 KiB in all; a message beyond that would fail the call with a status that is not final.
 */
export const statusMessageBytes = 7 * 1024;

/** Longest time for one attempt at an AWS API, from the request to the whole answer. */
export const awsAttemptMs = 15_000;

/** Longest time to open a connection to AWS. */
export const awsConnectMs = 3_000;

/** Connections to one host of AWS at once: enough for 200 mounts, few enough for their handshakes on a starved node. */
export const awsSockets = 100;

/** How long a connection to AWS is kept without work. Load balancers give up idle ones after 60 s. */
export const awsIdleMs = 45_000;

/** Attempts at one AWS call (standard retry mode of the SDK). */
export const awsAttempts = 3;

/** Look-ups of names by the system at once: libuv runs no more, which is half of Node's four threads. Files have the rest. */
export const nameThreads = 2;

/** How long the system may take for a name before the name servers are asked directly as well. */
export const nameDirectMs = 100;

/** One direct question to a name server, and how often it is put. */
export const directAttemptMs = 1_000;
export const directAttempts = 2;

/** Names that are asked for directly at once, some kilobytes each: beyond what all pods of a node can name. */
export const directNames = 500;

/** How long a host that has resolved before is waited for, from the question on, until its last addresses stand in. */
export const namePatienceMs = 200;

/** Longest wait for a name that has not resolved yet. A socket to AWS gives up before that. */
export const nameLimitMs = 10_000;

/** How long addresses are used without asking again, and how long they stand in when there are no new ones. */
export const nameFreshMs = 30_000;
export const nameStaleMs = 60 * 60_000;

/** Hosts whose addresses are remembered. Tenants choose regions, and those choose names. */
export const namesKnown = 200;

/**
 * Largest answer of AWS that is read, in bytes: twice ten parameters of 8 KiB or one secret of 64 KiB whose characters are
 * all escaped (six bytes each). Parameter Store may send as much for each reference to a secret. What is on its way beyond
 * that fills the memory as often as there are calls under way.
 */
export const awsAnswerBytes = 1024 * 1024;

/** Part of a mount's remaining time in which everything must be fetched: the rest tells what was missing, and where. */
export const fetchShare = 0.9;

/**
 * AWS calls of all mounts that are under way at once: a namespace may have half, which is what one mount may have. Each
 * brings up to 64 KiB, of which there are some copies for a moment.
 */
export const awsCalls = 40;

/** AWS calls that a namespace may have under way in a region even so: others that get no answers must not stop it. */
export const ownAwsCalls = 2;

/**
 * Times as many calls may be throttled as there are places for that, before those that become so keep the place that they
 * have: a quota each for four APIs. A call that waits costs some 17 KB.
 */
export const throttledCrowd = 4;

/** Bytes of AWS's answers that no volume holds yet: then only the mount that has had some for longest goes on. */
export const undeliveredBytes = 1024 * 1024;

/** Bytes of answers that are on their way to the driver: all of them, or a larger one alone. */
export const replyBytes = 2 * 1024 * 1024;

/** Bytes of answers after which their garbage is collected: with a few copies of each, what a small container can bear. */
export const garbageBytes = 1024 * 1024;

/** The same for answers to the driver, which leave two copies, where those of AWS leave four and keep one. */
export const replyGarbageBytes = 4 * 1024 * 1024;

/** Bytes of all answers of one mount: 150 full secrets, far more than a class that anybody maintains. */
export const mountBytes = 16 * 1024 * 1024;

/** Mounts that wait for their turn; twice what a full node can ask for at once. */
export const waitingMounts = 500;

/** Mounts of one namespace that may wait even when there are so many: the others' must not shut it out. */
export const ownWaitingMounts = 10;

/** How often the log may say that mounts wait. */
export const waitingNoticeMs = 10_000;

/** How long after AWS throttled a call the next ones are paced. */
export const pacedAfterThrottlingMs = 60_000;

/** How long the SDK's limiter has to look on before its measure of what AWS takes is worth anything. */
export const paceMeasureMs = 1_000;

/** After so long without an answer the measure begins anew: longer than the pauses of calls that AWS throttles. */
export const paceSilenceMs = 15_000;

/** Longest pause after a call was throttled once; it doubles each time (as in the SDK's standard retry mode). */
export const throttlingPauseMs = 1_000;

/** Longest pause after a call was throttled often: it comes again within the time of its mount. */
export const longestThrottlingPauseMs = 10_000;

/**
 * Turns in a row of one mount that has begun, while AWS throttles: a mount with a part of its answers is worth nothing.
 * Then others come, or a mount of hundreds of objects would hold up a node.
 */
export const turnsInARow = 20;

/** APIs by account and region whose pace is remembered. */
export const rememberedPaces = 1_000;

/** AWS calls of one mount that are under way at once. */
export const awsCallsPerMount = 20;

/** Longest time for one request to the Kubernetes API. */
export const kubernetesAttemptMs = 10_000;

/** Connections to the Kubernetes API at once: each costs a handshake and some 50 KB, and an answer takes milliseconds. */
export const kubernetesSockets = 16;

/** How long a connection to the Kubernetes API is kept without work. */
export const kubernetesIdleMs = 45_000;

/** How long before its expiry a credential is no longer used. */
export const credentialMarginMs = 5 * 60_000;

/** Longest life of credentials from the Pod Identity Agent in this process. */
export const podIdentityCredentialMs = 15 * 60_000;

/** Credentials kept in memory at most; the least recently used go first. */
export const credentialEntries = 2_000;

/** How long a kept value may be confirmed by DescribeSecret, which proves neither the permission to read nor the key. */
export const valueRevalidationMs = 3_600_000;

/** Within this time a volume may be given the same answer again: its mount failed and is tried once more. */
export const valueRetryMs = 10_000;

/** How often values whose time is over are removed from memory. */
export const valueSweepMs = 60_000;

/** Answers whose volume is remembered: 2,000 volumes of 10 objects. */
export const rememberedAnswers = 20_000;

/** Denied DescribeSecret calls that are remembered: a secret of a role in a region each. */
export const rememberedDenials = 10_000;

/** Sets of credentials whose SDK clients are kept, some 15 KB each. */
export const clientsKept = 32;

/**
 * Files that the process remembers to have written, 100 bytes each: more than the secrets of a full node. Those written
 * longest ago go first, which costs the next rotation of their volumes a fetch with drivers up to 1.5.
 */
export const heldFiles = 10_000;

/** Largest `objects` parameter, in bytes. */
export const objectsBytes = 256 * 1024;

/** Most entries of an `objects` list, and of one entry's `jmesPath` list. */
export const objectsEntries = 1_000;

/** Longest JMESPath expression, in bytes, and its deepest nesting. */
export const expressionBytes = 1024;
export const expressionDepth = 32;

/** Largest result of a JMESPath expression, in bytes. */
export const expressionResultBytes = 64 * 1024;

/** All JMESPath results of one mount together, in bytes. */
export const extractedBytes = 8 * 1024 * 1024;

/** Longest path of a file in the volume, and longest element of it, in bytes (the driver's limits). */
export const pathBytes = 4096;
export const pathElementBytes = 255;

/**
 * Most files of one mount. 1,000 objects with ten values each fit, and a list that repeats a long `jmesPath` by aliases
 * cannot become a million files.
 */
export const outputFiles = 10_000;

/** Longest text of one field of an object, in characters: no name, path or expression that works is longer. */
export const fieldCharacters = 4096;

/** Most keys of one entry, known or not. */
export const fieldsOfEntry = 100;

/** What YAML may cost: aliases, keys that `<<` merges, and nesting (a good list nests five deep). */
export const yamlAliases = 10_000;
export const yamlMergedKeys = 50_000;
export const yamlDepth = 32;

/** How many faults (and warnings) of one mount are told, and how many characters they take before the rest is counted. */
export const findingsShown = 20;
export const findingsCharacters = 4_000;

/** Most directories that the files of one volume may need: each costs kernel memory of the provider and a step of the switch. */
export const volumeFolders = 2_000;

/** Steps that one JMESPath expression, and all of one secret together, may take: 1,000,000 are about 50 ms of a core. */
export const expressionWork = 1_000_000;
export const expressionCallWork = 10_000_000;

/**
 * Longest time for all expressions of one secret, once a worker has them. It is for what the steps do not count: under
 * a CPU quota of 50m the steps alone can take seconds.
 */
export const expressionMs = 10_000;

/** Longest start of an expression worker, which a CPU quota stretches as well. */
export const expressionStartMs = 30_000;

/** How long an expression worker is kept without work. */
export const expressionIdleMs = 30_000;

/** Heap of an expression worker, in MiB. */
export const expressionHeapMb = 48;

/** Expression workers at most; one owner holds at most one. */
export const expressionWorkers = 2;
