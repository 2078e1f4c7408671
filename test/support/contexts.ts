/** A mount context for tests of single steps: records what it is told, and never ends by itself. */
import type { CallKind, MountContext, MountNotes, WaitKind } from '../../src/mount/ports.js';

export interface TestContext extends MountContext {
  readonly controller: AbortController;
  readonly warnings: string[];
  readonly counts: Record<CallKind, number>;
  /** How often the mount had to wait, and how many of these waits go on. */
  readonly waits: Record<WaitKind, { begun: number; goingOn: number }>;
  notes: MountNotes;
}

/** @param timeLeftMs what the context says is left of its time, always */
export function testContext(timeLeftMs = 60_000): TestContext {
  const controller = new AbortController();
  const warnings: string[] = [];
  const counts = { aws: 0, sts: 0, agent: 0, kubernetes: 0 };
  const waits = { turn: { begun: 0, goingOn: 0 }, throttling: { begun: 0, goingOn: 0 } };
  const context: TestContext = {
    waits,
    controller,
    warnings,
    counts,
    notes: {},
    signal: controller.signal,
    timeLeftMs: () => timeLeftMs,
    warn: (message) => {
      warnings.push(message);
    },
    count: (kind) => {
      counts[kind] += 1;
    },
    startWait: (kind) => {
      waits[kind].begun += 1;
      waits[kind].goingOn += 1;
      return () => {
        waits[kind].goingOn -= 1;
      };
    },
    afterAnswer: (work) => {
      work();
    },
    note: (notes) => {
      context.notes = { ...context.notes, ...notes };
    },
  };
  return context;
}
