/** Finds the name that a mistyped one was meant to be. */

/** Longer texts are no slips of a finger, and comparing them would cost time. */
const comparedCharacters = 32;

/**
 * The known name that `text` differs from by case alone, or by one slip (two in names of eight characters and more):
 * a character more, less, other, or two that changed places. `undefined` when none is that near.
 */
export function nearestName(text: string, known: readonly string[]): string | undefined {
  if (text.length > comparedCharacters) return undefined;
  const lower = text.toLowerCase();
  let best: { readonly name: string; readonly slips: number } | undefined;
  for (const name of known) {
    const allowed = name.length < 8 ? 1 : 2;
    if (Math.abs(name.length - text.length) > allowed) continue;
    const slips = countSlips(lower, name.toLowerCase());
    if (slips <= allowed && (best === undefined || slips < best.slips)) best = { name, slips };
  }
  return best?.name;
}

/** Edit distance with transposition of neighbours. */
function countSlips(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let slips = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
        slips = Math.min(slips, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(slips);
    }
    beforeLast = last;
    last = current;
  }
  return last[right.length] ?? 0;
}
