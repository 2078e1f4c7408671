/** `try`: mounts secrets on this machine as a pod gets them, and shows the files. */
import path from 'node:path';
import { ProviderError, describeError } from '../errors.js';
import { parseTryArguments, tryUsage, type TryOptions } from './arguments.js';
import { Cleanup } from './cleanup.js';
import { findRoot } from './examples.js';
import { missingObjects } from './missing-objects.js';
import type { PodVolume } from './pods.js';
import { planProgramme, type Programme, type Scene } from './programme.js';
import { Report } from './report.js';
import { Stage, type MountOutcome } from './stage.js';
import type { Terminal } from './terminal.js';
import type { VolumeFile } from './volume.js';
import { watchStore } from './watch.js';

/** @returns the exit code: 0 as expected, 1 something failed, 2 the command line is at fault, 130 interrupted */
export async function runTry(argv: readonly string[], terminal: Terminal): Promise<number> {
  const parsed = parseTryArguments(argv);
  if (parsed.kind === 'help') {
    terminal.write(tryUsage);
    return 0;
  }
  if (parsed.kind === 'error') {
    terminal.writeError(`${parsed.message}\n\n${tryUsage}`);
    return 2;
  }
  const cleanup = new Cleanup();
  try {
    return await show(parsed.options, terminal, cleanup);
  } catch (error) {
    if (terminal.signal.aborted) return 130;
    if (!(error instanceof ProviderError)) throw error;
    terminal.writeError(`${error.message}\n`);
    return 1;
  } finally {
    await cleanup.run();
  }
}

async function show(options: TryOptions, terminal: Terminal, cleanup: Cleanup): Promise<number> {
  const shown = await open(options, terminal, cleanup);
  const { report, programme } = shown;
  report.opening(shown.storeName, options.endpointUrl);
  const held = await showScenes(shown);
  const { scenes, mistake } = programme;
  const refused = mistake ? await showMistake(mistake, shown) : true;
  closing({ mounted: held.size, refused }, shown);
  if (options.watch) await watch(held, shown);
  return held.size === scenes.length && refused ? 0 : 1;
}

/** One run of the command. */
interface Showing {
  readonly options: TryOptions;
  readonly programme: Programme;
  readonly stage: Stage;
  readonly report: Report;
  readonly signal: AbortSignal;
  readonly storeFile: string;
  /** The store's file as a user would name it. */
  readonly storeName: string;
}

async function open(options: TryOptions, terminal: Terminal, cleanup: Cleanup): Promise<Showing> {
  const root = findRoot();
  const resolve = (file: string) => path.resolve(terminal.directory, file);
  const programme = planProgramme(options, { root, directory: terminal.directory });
  const storeName = options.store ?? path.join('examples', 'store.yaml');
  const storeFile = options.store === undefined ? path.join(root, storeName) : resolve(options.store);
  const { signal, environment } = terminal;
  const { scenes, mistake, serviceAccounts } = programme;
  const stage = await Stage.open(
    {
      program: path.join(root, 'dist', 'main.js'),
      storeFile,
      pods: scenes.map(({ pod }) => pod),
      passingPods: mistake ? [mistake] : [],
      serviceAccounts,
      target: options.target === undefined ? undefined : resolve(options.target),
      endpointUrl: options.endpointUrl,
      environment,
      signal,
    },
    cleanup,
  );
  return { options, programme, stage, report: new Report(terminal, options), signal, storeFile, storeName };
}

async function watch(held: Map<PodVolume, readonly VolumeFile[]>, shown: Showing): Promise<void> {
  const { options, programme, stage, report, signal, storeFile } = shown;
  const scenes = new Map(programme.scenes.map((scene) => [scene.pod, scene]));
  report.good(watchText(shown));
  await watchStore({
    file: options.endpointUrl === undefined ? storeFile : undefined,
    pods: [...scenes.keys()],
    held,
    mount: async (pod) => mountScene(scenes.get(pod) ?? { pod, example: undefined }, shown),
    reload: () => {
      stage.reloadStore();
    },
    report,
    showValues: options.showValues,
    signal,
  });
  report.line();
  report.aside('Stopped.');
}

/** @returns the files of the volumes that were mounted */
async function showScenes(shown: Showing): Promise<Map<PodVolume, readonly VolumeFile[]>> {
  const { stage, report, options, storeName } = shown;
  const held = new Map<PodVolume, readonly VolumeFile[]>();
  for (const [index, scene] of shown.programme.scenes.entries()) {
    const { pod } = scene;
    report.heading({ number: index + 1, pod, role: stage.store.roles.get(pod), note: noteOf(scene, options) });
    const outcome = await mountScene(scene, shown);
    const yaml = options.endpointUrl === undefined ? missingObjects(pod, stage.store.document) : undefined;
    report.outcome(pod, outcome, yaml === undefined ? undefined : { store: storeName, yaml });
    if (outcome.kind === 'mounted') held.set(pod, outcome.files);
  }
  return held;
}

async function mountScene({ pod, example }: Scene, { stage, options }: Showing): Promise<MountOutcome> {
  const driverWrites = options.driverWrites || example?.driverWrites === true;
  return stage.mount(pod, { driverWrites, outage: options.endpointUrl === undefined ? example?.outage : undefined });
}

function noteOf({ example }: Scene, options: TryOptions): string | undefined {
  if (example?.outage === undefined || options.endpointUrl !== undefined) return undefined;
  return `Secrets Manager in ${example.outage} is down at the moment: the stand-in sees to it.`;
}

async function showMistake(mistake: PodVolume, { stage, report, options, programme }: Showing): Promise<boolean> {
  const role = stage.store.roles.get(mistake);
  report.heading({
    number: programme.scenes.length + 1,
    pod: { ...mistake, title: `A mistake, on purpose: ${mistake.title}` },
    role,
    note: undefined,
  });
  const outcome = await stage.mount(mistake, { driverWrites: options.driverWrites });
  report.outcome(mistake, outcome);
  return outcome.kind === 'refused';
}

function closing(
  result: { readonly mounted: number; readonly refused: boolean },
  { report, options, stage, programme }: Showing,
): void {
  const { scenes, mistake } = programme;
  const count = `${result.mounted} of ${scenes.length} volumes mounted`;
  const mistaken = mistake ? (result.refused ? ', the mistake refused' : ', and the mistake was not refused') : '';
  report.line();
  if (result.mounted === scenes.length && result.refused) report.good(`${count}${mistaken}.`);
  else report.bad(`${count}${mistaken}.`);
  const [first] = scenes;
  if (options.target !== undefined && first && result.mounted > 0) {
    const directory = scenes.length === 1 ? stage.targetOf(first.pod) : path.dirname(stage.targetOf(first.pod));
    report.aside(`The files are in ${directory}${scenes.length === 1 ? '' : '/<class>'}.`);
  }
  if (options.files.length === 0 && !options.watch) {
    report.aside(
      'Next: npm run try -- -f your-class.yaml --secrets your-store.yaml; --watch shows rotation, --all all examples.',
    );
  }
}

function watchText({ options, storeName }: Showing): string {
  return options.endpointUrl === undefined
    ? `Watching ${storeName}: change a value in it and save. Ctrl-C ends.`
    : `Asking ${options.endpointUrl} again every five seconds. Ctrl-C ends.`;
}

/** Shows an error that is nobody's input: a bug of ours. */
export function bugText(error: unknown): string {
  return `this is a bug of the command: ${error instanceof Error ? (error.stack ?? error.message) : describeError(error)}\n`;
}
