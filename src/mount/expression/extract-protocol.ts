/** What the main thread and the expression worker say to each other. */

/** One document and the expressions to evaluate on it. The worker takes one job at a time. */
export interface EvaluateJob {
  /** JSON, in UTF-8. */
  readonly document: Uint8Array;
  readonly expressions: readonly string[];
}

/** First `ready`, once; then for each job an `outcome` for each expression in order, and `done`. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'outcome'; readonly text: Uint8Array }
  | { readonly kind: 'outcome'; readonly failure: string }
  | { readonly kind: 'done' };
