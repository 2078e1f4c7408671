/** A mount context for tests of single steps: records what it is told, and never ends by itself. */
import type { CallKind, MountContext, MountNotes } from '../../src/mount/types.js';

export interface TestContext extends MountContext {
  readonly controller: AbortController;
  readonly warnings: string[];
  readonly counts: Record<CallKind, number>;
  notes: MountNotes;
}

/** @param timeLeftMs what the context says is left of its time, always */
export function testContext(timeLeftMs = 60_000): TestContext {
  const controller = new AbortController();
  const warnings: string[] = [];
  const counts = { aws: 0, sts: 0, agent: 0, kubernetes: 0 };
  const context: TestContext = {
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
    afterAnswer: (work) => {
      work();
    },
    note: (notes) => {
      context.notes = { ...context.notes, ...notes };
    },
  };
  return context;
}
