/** The text of the pod's event when a mount fails, as kubelet and the driver build it. */
import type { MountRefused } from './driver.js';
import type { PodVolume } from './pods.js';

/**
 * The message of the `FailedMount` event. The driver wraps the provider's error, the status code goes through; kubelet
 * puts the volume's name before it.
 */
export function failedMountMessage(pod: PodVolume, refusal: MountRefused): string {
  const status = `rpc error: code = ${refusal.status} desc =`;
  const driver = `failed to mount secrets store objects for pod ${pod.namespace}/${pod.pod}, err: ${status} ${refusal.details}`;
  return `MountVolume.SetUp failed for volume "${pod.volume}" : ${status} ${driver}`;
}
