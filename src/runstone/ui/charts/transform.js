/** What is done to lines before they are drawn: joined, their range without outliers, bands of groups. Null is a gap throughout. Knows no browser. */

/** @typedef {(number | null)[]} Values */
/** @typedef {"std" | "sem" | "ci" | "range"} Band */

/**
 * The range of values that leaves out outliers: beyond once the span between the 5th and the 95th of a hundred.
 * @param {Values[]} lines
 * @returns {[number, number] | null}
 */
export function plainRange(lines) {
  const all = [];
  for (const line of lines) for (const value of line) if (value !== null) all.push(value);
  if (all.length < 20) return null;
  const sorted = Float64Array.from(all).sort();
  const low = sorted[Math.floor(sorted.length * 0.05)];
  const high = sorted[Math.floor(sorted.length * 0.95)];
  const span = high - low || Math.abs(high) || 1;
  return [Math.max(sorted[0], low - span), Math.min(sorted[sorted.length - 1], high + span)];
}

/**
 * What several lines are at each place: mean ± standard deviation (of a sample), ± standard error of the mean, an interval that holds the mean with
 * a confidence of 95 % (Student's), or mean, least and greatest.
 * @param {Values[]} lines
 * @param {Band} kind
 * @returns {{mean: Values, low: Values, high: Values}}
 */
export function band(lines, kind = "std") {
  const length = lines[0]?.length ?? 0;
  /** @type {Values} */
  const mean = new Array(length).fill(null);
  const low = [...mean];
  const high = [...mean];
  for (let at = 0; at < length; at += 1) {
    let count = 0;
    let middle = 0;
    let spread = 0; // Welford's sums
    let least = Infinity;
    let greatest = -Infinity;
    for (const line of lines) {
      const value = line[at];
      if (value === null || value === undefined) continue;
      count += 1;
      const away = value - middle;
      middle += away / count;
      spread += away * (value - middle);
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
    if (count === 0) continue;
    const deviation = count > 1 ? Math.sqrt(spread / (count - 1)) : 0;
    mean[at] = middle;
    const error = deviation / Math.sqrt(count);
    const around = kind === "std" ? deviation : kind === "sem" ? error : count > 1 ? student(count - 1) * error : 0;
    low[at] = kind === "range" ? least : middle - around;
    high[at] = kind === "range" ? greatest : middle + around;
  }
  return { mean, low, high };
}

/** Of Student's t, what 95 % lie within on both sides, by degrees of freedom from 1 on. */
const STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/** @param {number} freedom */
function student(freedom) {
  if (freedom <= STUDENT.length) return STUDENT[freedom - 1];
  const z = 1.959964;
  // The first terms of its expansion about the normal distribution (Abramowitz and Stegun, 26.7.5): right to three digits from here on.
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
}

/**
 * One row of places for lines that have several. Places are sorted; those that are equal are one.
 * @param {number[][]} rows each sorted, without doubles
 * @returns {{x: number[], places: (Int32Array | null)[]}} places: where each row's places are; null where they are the row's own
 */
export function joined(rows) {
  const first = rows[0] ?? [];
  if (rows.every((row) => row === first || same(row, first))) return { x: first, places: rows.map(() => null) };
  const all = Float64Array.from(/** @type {number[]} */ ([]).concat(...rows)).sort();
  /** @type {number[]} */
  const x = [];
  for (const place of all) if (x.length === 0 || place !== x[x.length - 1]) x.push(place);
  const places = rows.map((row) => {
    const found = new Int32Array(row.length);
    let at = 0;
    row.forEach((place, number) => {
      while (x[at] !== place) at += 1;
      found[number] = at;
    });
    return found;
  });
  return { x, places };
}

/** @param {number[]} one @param {number[]} other */
const same = (one, other) => one.length === other.length && one.every((place, at) => place === other[at]);

/**
 * A line's values at the places of a joined row.
 * @param {Values} values
 * @param {Int32Array | null} places as `joined` gave them
 * @param {number} length of the joined row
 * @returns {Values}
 */
export function placed(values, places, length) {
  if (places === null) return values;
  /** @type {Values} */
  const row = new Array(length).fill(null);
  for (let at = 0; at < places.length; at += 1) row[places[at]] = values[at];
  return row;
}

/**
 * The value at a place, or the nearest one where the line has none there: lines are drawn across places that are others'.
 * @param {Values} values
 * @param {number} at
 * @param {number} reach places to look at on either side
 * @returns {number | null}
 */
export function near(values, at, reach) {
  for (let away = 0; away <= reach; away += 1) {
    const before = values[at - away];
    if (before !== null && before !== undefined) return before;
    const after = values[at + away];
    if (after !== null && after !== undefined) return after;
  }
  return null;
}

/** A logarithmic axis that goes through zero shows so much of the greatest value in proportion. */
const DECADES = 1e-5;

/**
 * From where on values are drawn in proportion on a logarithmic axis that has values at or below zero; null where there are none and the
 * axis is a plain logarithmic one. Between it and zero the axis is straight.
 * @param {Values[]} lines
 * @returns {number | null}
 */
export function straightBelow(lines) {
  let least = Infinity;
  let most = 0;
  let below = false;
  for (const line of lines) {
    for (const value of line) {
      if (value === null) continue;
      if (value <= 0) below = true;
      if (value !== 0) least = Math.min(least, Math.abs(value));
      most = Math.max(most, Math.abs(value));
    }
  }
  if (!below) return null;
  return Number.isFinite(least) ? 10 ** Math.floor(Math.log10(Math.max(least, most * DECADES))) : 1;
}
