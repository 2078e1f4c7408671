/** Directory of the tools that tests and releases download or build, once a machine. */
export function toolsDirectory(): string;

/** Paths of helm and kubectl; throws an Error that says in a sentence why there are none. */
export function kubectlLayer(): { helm: string; kubectl: string };
