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
