/** Why an expression has no result, in words that hold nothing of the document. */

/** Its message completes the sentence "<expression> ..." and is safe to show: it names functions and types, never values. */
export class ExpressionFailure extends Error {
  override readonly name = 'ExpressionFailure';
}
