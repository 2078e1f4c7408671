/** The kinds of bursts: what 50 pods ask for at once. */
import type { Effort } from './measure.js';
import type { Side } from './side.js';
import type { Identity, Size } from './world.js';

export interface Burst {
  readonly size: Size;
  readonly identity: Identity;
  readonly driverWrites: boolean;
}

export const simplestBurst: Burst = { size: 'small', identity: 'irsa', driverWrites: false };

/** All kinds, or the simplest one. */
export function bursts(side: Side, effort: Effort): readonly Burst[] {
  if (effort.fewBursts) return [simplestBurst];
  const identities: readonly Identity[] = side.plain ? ['irsa'] : ['irsa', 'pod-identity'];
  return (['small', '64KiB'] as const).flatMap((size) =>
    identities.flatMap((identity) => [false, true].map((driverWrites) => ({ size, identity, driverWrites }))),
  );
}

export function nameOf({ size, identity, driverWrites }: Burst): string {
  const objects = size === 'small' ? '50 x 10' : '50 x 10 x 64 KiB';
  return `${objects}, ${identity}, ${driverWrites ? 'driver writes' : 'provider writes'}`;
}
