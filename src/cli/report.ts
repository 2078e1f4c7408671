/** What `try` says, for people who see it for the first time. */
import { escapeControls } from '../errors.js';
import type { MountOutcome } from './stage.js';
import { failedMountMessage } from './pod-event.js';
import type { PodVolume } from './pods.js';
import type { PodRole } from './store-completion.js';
import { indent, styleOf, type Style, type Terminal } from './terminal.js';
import { drawTree } from './tree.js';
import type { MountRefused } from './driver.js';

/** Where a pod sees its volume, in all the documentation. */
const mountPath = '/mnt/secrets-store';

export interface Heading {
  readonly number: number;
  readonly pod: PodVolume;
  readonly role: PodRole | undefined;
  /** One more line about what happens meanwhile. */
  readonly note: string | undefined;
}

export class Report {
  readonly #terminal: Terminal;
  readonly #style: Style;
  readonly #showValues: boolean;

  constructor(terminal: Terminal, options: { readonly showValues: boolean }) {
    this.#terminal = terminal;
    this.#style = styleOf(terminal.color);
    this.#showValues = options.showValues;
  }

  line(text = ''): void {
    this.#terminal.write(`${text}\n`);
  }

  opening(store: string, endpointUrl: string | undefined): void {
    const { bold, dim } = this.#style;
    this.line(bold('AWS secrets as files in a pod, tried on this machine.'));
    const aws =
      endpointUrl === undefined
        ? `All of it is local: a stand-in plays AWS and Kubernetes and holds ${store};`
        : `AWS is ${escapeControls(endpointUrl)}; a stand-in plays Kubernetes and the Pod Identity Agent;`;
    const hidden = this.#showValues ? 'Values are shown.' : 'Values are hidden: --show-values.';
    this.line(dim(aws));
    this.line(dim(`the provider is the real one, called as the CSI driver calls it. ${hidden}`));
  }

  heading({ number, pod, role, note }: Heading): void {
    const { bold, dim } = this.#style;
    this.line();
    this.line(`${bold(`${number}  ${escapeControls(pod.title)}`)}   ${dim(escapeControls(pod.source))}`);
    this.line(
      dim(
        `   pod ${pod.namespace}/${escapeControls(pod.pod)}, service account ${pod.serviceAccount}, ${roleText(role)}`,
      ),
    );
    if (note !== undefined) this.line(this.#style.yellow(`   ${note}`));
  }

  /** The volume, or the event; `hint` is what to add to the store. */
  outcome(pod: PodVolume, outcome: MountOutcome, hint?: { readonly store: string; readonly yaml: string }): void {
    if (outcome.kind === 'refused') {
      this.refusal(pod, outcome.refusal);
      if (hint) this.#hint(hint);
      return;
    }
    this.line(`   ${this.#style.dim(mountPath)}`);
    for (const row of drawTree(outcome.files, { style: this.#style, showValues: this.#showValues })) {
      this.line(`   ${row}`);
    }
  }

  refusal(pod: PodVolume, refusal: MountRefused): void {
    const { dim, yellow, red } = this.#style;
    const title = `   The pod does not start; its event says (kubectl describe pod ${escapeControls(pod.pod)}):`;
    this.line(dim(title));
    this.line(`   ${yellow('Warning  FailedMount')}`);
    this.line(red(indent(escapeControls(failedMountMessage(pod, refusal)), 3, this.#terminal.columns)));
  }

  #hint({ store, yaml }: { readonly store: string; readonly yaml: string }): void {
    this.line(`   The store ${store} lacks what the class names. Add to it, or to your own (--secrets):`);
    for (const row of yaml.split('\n')) this.line(this.#style.green(`     ${escapeControls(row)}`));
  }

  good(text: string): void {
    this.line(this.#style.green(text));
  }

  bad(text: string): void {
    this.line(this.#style.red(text));
  }

  aside(text: string): void {
    this.line(this.#style.dim(text));
  }

  /** One file that rotation changed. */
  change(className: string, mark: '+' | '-' | '~', text: string): void {
    const paint = { '+': this.#style.green, '-': this.#style.red, '~': this.#style.yellow }[mark];
    this.line(`   ${paint(mark)} ${this.#style.cyan(`${className}: `)}${text}`);
  }
}

function roleText(role: PodRole | undefined): string {
  if (role?.name === undefined) return 'no IAM role';
  return `IAM role ${escapeControls(role.name)} by ${role.auth}${role.madeUp ? ' (made up here)' : ''}`;
}
