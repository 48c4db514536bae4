/** A value that is made anew each time something is drawn, as one object for as long as it says the same. */

import { useMemo } from "./html.js";

/**
 * What was given before, while it says the same.
 * @template T
 * @param {T} value
 * @returns {T}
 */
export function useSame(value) {
  const told = JSON.stringify(value);
  return useMemo(() => value, [told]);
}
