/** Mounts the volumes again whenever the store changes, as the driver's rotation does, and says which files changed. */
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProviderError, escapeControls } from '../errors.js';
import type { PodVolume } from './pods.js';
import type { Report } from './report.js';
import type { MountOutcome } from './stage.js';
import { formatMode, formatValue, formatVersion } from './tree.js';
import { fingerprint, type VolumeFile } from './volume.js';

export interface WatchOptions {
  /** The store's file; absent when the values live elsewhere and are simply asked for again. */
  readonly file: string | undefined;
  readonly pods: readonly PodVolume[];
  /** What the volumes hold now. */
  readonly held: Map<PodVolume, readonly VolumeFile[]>;
  readonly mount: (pod: PodVolume) => Promise<MountOutcome>;
  readonly reload: () => void;
  readonly report: Report;
  readonly showValues: boolean;
  readonly signal: AbortSignal;
}

const lookEveryMs = 150;
const askEveryMs = 5_000;

/** Runs until the signal fires, and then returns. */
export async function watchStore(options: WatchOptions): Promise<void> {
  const { file, signal } = options;
  let before = file === undefined ? undefined : stampOf(file);
  while (await pause(file === undefined ? askEveryMs : lookEveryMs, signal)) {
    if (file !== undefined) {
      const now = stampOf(file);
      if (now === undefined || now === before) continue;
      // An editor may still be writing: go on when the file has come to rest.
      if (!(await pause(lookEveryMs, signal))) return;
      if (stampOf(file) !== now) continue;
      before = now;
    }
    try {
      await rotate(options);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/** Changes with every save, also one that replaces the file; absent while an editor has it away. */
function stampOf(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stat && `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
}

async function rotate(options: WatchOptions): Promise<void> {
  const { report, reload, file } = options;
  if (file !== undefined) {
    report.line();
    try {
      reload();
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      report.bad(`The store was not taken over: ${error.message}`);
      return;
    }
    report.aside('The store changed: the volumes are mounted again.');
  }
  let changes = 0;
  for (const pod of options.pods) changes += await mountAgain(pod, options);
  if (changes === 0 && file !== undefined) report.aside('   No file changed.');
}

async function mountAgain(pod: PodVolume, { mount, held, report, showValues }: WatchOptions): Promise<number> {
  const outcome = await mount(pod);
  const former = held.get(pod) ?? [];
  if (outcome.kind === 'refused') {
    report.refusal(pod, outcome.refusal);
    // The driver hides an error of rotation from kubelet.
    if (former.length > 0) report.aside('   A pod that runs keeps its files, and rotation shows no event.');
    return 1;
  }
  held.set(pod, outcome.files);
  return reportChanges({ className: pod.className, former, files: outcome.files }, report, showValues);
}

function reportChanges(
  volume: { readonly className: string; readonly former: readonly VolumeFile[]; readonly files: readonly VolumeFile[] },
  report: Report,
  showValues: boolean,
): number {
  const { className, former, files } = volume;
  let changes = 0;
  for (const file of files) {
    const old = former.find(({ path }) => path === file.path);
    if (old && fingerprint(old) === fingerprint(file)) continue;
    changes += 1;
    const version = old
      ? `${formatVersion(old.version)} -> ${formatVersion(file.version).replace(/^version /, '')}`
      : formatVersion(file.version);
    const value = showValues ? `  ${formatValue(file.value)}` : '';
    const text = `${escapeControls(file.path)}  ${formatMode(file.mode)}  ${file.bytes} B  ${version}${value}`;
    report.change(className, old ? '~' : '+', text);
  }
  for (const gone of former.filter(({ path }) => !files.some((file) => file.path === path))) {
    changes += 1;
    report.change(className, '-', `${escapeControls(gone.path)} is no longer listed`);
  }
  return changes;
}
