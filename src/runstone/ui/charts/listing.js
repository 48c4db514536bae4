/** Which of many values are listed. Knows no browser. */

/**
 * So many of them: the greatest, or those around the one that the pointer is nearest to.
 * @template {{nearest: boolean}} R
 * @param {R[]} rows the greatest first
 * @param {number} most
 * @returns {{first: number, listed: R[]}} first: how many are greater than what is listed
 */
export function listing(rows, most) {
  const nearest = rows.findIndex((row) => row.nearest);
  const first = nearest < most ? 0 : Math.min(rows.length - most, nearest - Math.floor(most / 2));
  return { first, listed: rows.slice(first, first + most) };
}

/** Letters that names must have in common at their beginning to be left out, and the signs after which a name may begin. */
const COMMON = 8;
const SIGNS = /[-_./: ]/;

/**
 * How many letters all names begin with that tell none from another: names of a sweep are cut off where they begin to differ.
 * @param {string[]} names
 */
export function common(names) {
  if (names.length < 2) return 0;
  let length = names[0].length - 1;
  for (const name of names) {
    length = Math.min(length, name.length - 1);
    while (length > 0 && name.slice(0, length) !== names[0].slice(0, length)) length -= 1;
  }
  while (length > 0 && !SIGNS.test(names[0][length - 1])) length -= 1;
  return length < COMMON ? 0 : length;
}

/** A name without what is common to all. @param {string} name @param {number} length */
export const after = (name, length) => (length > 0 ? `…${name.slice(length)}` : name);

/**
 * What tells metrics of one chart apart: train/loss and val/loss are train and val.
 * @param {string[]} metrics
 * @returns {Map<string, string>}
 */
export function apart(metrics) {
  const parts = metrics.map((metric) => metric.split(/(?<=[/._])|(?=[/._])/));
  const most = Math.min(...parts.map((some) => some.length)) - 1;
  const same = (/** @type {(some: string[]) => string | undefined} */ of) => parts.every((some) => of(some) === of(parts[0]));
  let [first, last] = [0, 0];
  while (first < most && same((some) => some[first])) first += 1;
  while (last < most - first && same((some) => some.at(-1 - last))) last += 1;
  const trimmed = (/** @type {string[]} */ some) => some.slice(first, some.length - last).join("").replace(/^[/._]+(?=.)|(?<=.)[/._]+$/g, "");
  return new Map(metrics.map((metric, at) => [metric, metrics.length > 1 ? trimmed(parts[at]) : metric]));
}
