/** The mark by which the provider knows its own staging directories in a volume. */

/**
 * First characters of the name of every staging directory, which stands in the root of the target while a set is
 * written. No planned path may begin with it. The `..` hides it from programs that skip the driver's `..data`, too.
 */
export const stagingMark = '..provider-aws-staging-';
