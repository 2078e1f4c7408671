/** What each error code means and what to do about it: the words of docs/errors.md. Not part of any bundle. */
import type { ErrorCode } from '../src/errors.js';

export interface ErrorText {
  /** When it happens. */
  readonly meaning: string;
  /** What whoever reads the pod's event changes. */
  readonly remedy: string;
}

/** A code without a text does not compile. Order: that of a mount. */
export const errorTexts: Readonly<Record<ErrorCode, ErrorText>> = {
  invalid_request: {
    meaning:
      "The driver's part of the call cannot be used: attributes that are no JSON object of texts, a missing pod " +
      'namespace or service account, a target path that is not absolute or no directory, a malformed token, or the ' +
      'token of another service account.',
    remedy:
      'Check the driver, not the class: `podInfoOnMount: true` on the CSIDriver object, `kubeletPath` and the ' +
      '`mountpoint-dir` mount of the provider, and that no class or `volumeAttributes` sets the key of the tokens.',
  },
  invalid_parameter: {
    meaning:
      'A parameter of the SecretProviderClass, or of the `volumeAttributes` that override it, has a value that it ' +
      'cannot have. All faulty parameters are named at once.',
    remedy: 'Correct the parameters that the message names.',
  },
  invalid_objects: {
    meaning:
      'The `objects` list is missing, empty, not a list, too large, or has faulty entries. Faults of form are found ' +
      'before any call; those that need the region (an ARN of another region) once it is known. All are told ' +
      'together, each with index, name and field.',
    remedy: 'Correct the entries that the message names. Warnings repeated behind "noticed too" often hold the cause.',
  },
  path_conflict: {
    meaning: 'Two outputs of the list want the same file, or one a file where the other needs a directory.',
    remedy: 'Give one of the two that the message names another `objectAlias`.',
  },
  extract_failed: {
    meaning:
      'A `jmesPath` entry gives no value: the secret is no JSON, the result is null or missing, too large, would ' +
      'round a number, or the expression takes too much work.',
    remedy: "Correct the expression, or the secret's value. The message says which of the two.",
  },
  token_missing: {
    meaning: 'The driver sent no service account token for the audience that this mount needs.',
    remedy:
      'Set `tokenRequests` on the CSIDriver object `secrets-store.csi.k8s.io`, with the audiences ' +
      '`sts.amazonaws.com` (IRSA) and `pods.eks.amazonaws.com` (Pod Identity).',
  },
  role_missing: {
    meaning:
      'IRSA: the service account has no annotation `eks.amazonaws.com/role-arn`, or its text is not the ARN of a role.',
    remedy: 'Set or correct the annotation. With EKS Pod Identity set the parameter `usePodIdentity: "true"` instead.',
  },
  service_account_not_found: {
    meaning: "The pod's service account does not exist (any more).",
    remedy: 'Create it in the namespace of the pod, with the annotation.',
  },
  region_unknown: {
    meaning:
      'Neither the class nor an ARN nor `AWS_REGION` names a region, and the node has no region label; or one of ' +
      'them is no region.',
    remedy:
      "Set the parameter `region`, or `AWS_REGION` of the provider, or the node's label `topology.kubernetes.io/region`.",
  },
  kubernetes_denied: {
    meaning: 'The Kubernetes API refuses a look-up of the provider.',
    remedy:
      "Let the provider's service account `get` serviceaccounts; where no region is given also nodes, and pods where " +
      '`NODE_NAME` is not set.',
  },
  kubernetes_unavailable: {
    meaning: 'The Kubernetes API gave no usable answer after several attempts.',
    remedy: 'Wait: kubelet tries again. If it lasts, check the way from this node to the API server.',
  },
  identity_denied: {
    meaning: 'AWS does not let this pod have its role: `AccessDenied` from STS or from the Pod Identity Agent.',
    remedy:
      "Correct the role's trust policy: for IRSA the cluster's OIDC provider, the audience `sts.amazonaws.com` and " +
      'the subject `system:serviceaccount:<namespace>:<name>`; for Pod Identity the service `pods.eks.amazonaws.com`.',
  },
  identity_refused: {
    meaning:
      'AWS refuses the token or the credentials as such: an unknown OIDC provider, an expired token, no Pod Identity ' +
      'association, or new credentials that a region does not accept.',
    remedy:
      'Register the OIDC provider of the cluster in IAM, or create the association; check that the region is enabled ' +
      'for the account. Pods made before an association must be made again.',
  },
  identity_unavailable: {
    meaning:
      'STS or the Pod Identity Agent gave no usable answer, or something before STS answered in its place (the page of ' +
      'a proxy or a firewall, whatever its status).',
    remedy:
      'Wait: kubelet tries again. If it lasts, check the way to the STS endpoint of the region and any proxy on it, or ' +
      'that the add-on `eks-pod-identity-agent` runs on the node.',
  },
  access_denied: {
    meaning: "AWS knows the pod's role, and the role may not read the object (or decrypt it).",
    remedy: 'Allow the action that the message names, on the resource that it names.',
  },
  object_not_found: {
    meaning: 'AWS has no such secret or parameter, or no such version or label of it, in that region.',
    remedy: 'Correct `objectName`, version, label or region; for a failover region, replicate or create it there.',
  },
  aws_refused: {
    meaning:
      'AWS refuses the request with an answer that it would repeat: a secret marked for deletion, a disabled KMS key, ' +
      'a name that AWS does not allow.',
    remedy: 'Follow the message: it repeats the code and words of AWS and says what they usually mean.',
  },
  aws_unavailable: {
    meaning: 'No usable answer of AWS in the time of the mount: throttled, failing, unreachable, too slow, or garbled.',
    remedy:
      'Wait: kubelet tries again. If it lasts, check network policies, VPC endpoints, DNS and proxies, the quota, and ' +
      'the clock of the node. A `failoverRegion` serves such mounts.',
  },
  reply_too_large: {
    meaning: 'With `--driver-writes-secrets` the answer with all files is larger than `--max-reply-bytes`.',
    remedy:
      'Mount fewer or smaller objects, or raise `--max-reply-bytes` here and `--max-call-recv-msg-size` of the driver.',
  },
  target_not_tmpfs: {
    meaning:
      "The target looks like a kubelet volume but is not a tmpfs: the driver's mount did not reach the provider. " +
      "Nothing is written, because secrets would land on the node's disk.",
    remedy:
      'Mount `<kubelet root>/pods` into the provider with `mountPropagation: HostToContainer`, and set `kubeletPath` ' +
      'to the directory that kubelet really uses.',
  },
  write_failed: {
    meaning:
      'The file system refused a step of the delivery: full, read-only, not permitted, or changed by someone else at ' +
      'the same time. The files that were mounted before are untouched.',
    remedy: 'The message names the step, the path and the reason of the system.',
  },
  volume_too_large: {
    meaning: 'All objects of the volume together are larger than the provider holds in memory for one mount.',
    remedy: 'Spread them over several SecretProviderClasses, each with a volume of its own.',
  },
  timed_out: {
    meaning: 'The mount was not finished within its time (90 s, or 80% of what its caller gave it).',
    remedy: 'Wait: kubelet tries again. The log line of the mount says how far it came.',
  },
  overloaded: {
    meaning:
      'So many mounts wait on this node that this one would not be done in its time, or that no more may wait. It was refused at once.',
    remedy:
      "Wait: kubelet tries again. When it lasts, see in the provider's log what the mounts before it wait for, and " +
      'give the provider more CPU or a higher `--max-concurrent-mounts`.',
  },
  cancelled: {
    meaning: 'The caller gave up before the mount was done. Nothing was written, or the set was complete already.',
    remedy: 'Nothing, unless it repeats: then the node or AWS is too slow for the time that the caller gives.',
  },
  stopping: {
    meaning: 'The provider was told to stop, and this mount was not done within the time for that.',
    remedy: 'Nothing: kubelet tries again, and the next provider serves it.',
  },
  start_failed: {
    meaning:
      'The process cannot start: a bad environment variable, no way to the Kubernetes API, a certificate or proxy ' +
      'that cannot be used, or a socket that cannot be bound. It ends with status 1, and leaves no socket.',
    remedy: "See the provider's log, or its standard error, where the message stands too. No mount ever fails with it.",
  },
  internal: {
    meaning: 'A bug of the provider. The text of the error is kept back, because it may quote what must not be shown.',
    remedy: "The provider's log on the pod's node has a trace: please report it.",
  },
};
