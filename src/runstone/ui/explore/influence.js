/**
 * How much a param has to do with a metric, told so that it can be checked: Spearman's rank correlation, and the share of the spread of the metric's
 * ranks that the param explains alone (epsilon squared: Kelley, "An unbiased correlation ratio measure", 1935; over ranks it is Kruskal and Wallis's
 * analysis). Ranks, so that a single diverged run decides nothing; corrected for the number of groups, so that a param of noise gets about 0.
 * What params do only together it does not see: a forest would, but with 30 runs it tells stories.
 */

/** Runs below which nothing is said. */
export const LEAST = 10;
const GROUPS = 8;

/** Ranks from 1 on, the mean of the places where values are the same. @param {ArrayLike<number>} values */
export function ranks(values) {
  // Numbers are sorted without a function that compares them, ten times as fast, and found again by what they are.
  const sorted = Float64Array.from(values).sort();
  /** @type {Map<number, number>} */
  const rank = new Map();
  for (let first = 0; first < sorted.length; ) {
    let last = first;
    while (last + 1 < sorted.length && sorted[last + 1] === sorted[first]) last += 1;
    rank.set(sorted[first], (first + last) / 2 + 1);
    first = last + 1;
  }
  return Float64Array.from(values, (value) => /** @type {number} */ (rank.get(value)));
}

/** Pearson's correlation, NaN where one of them does not vary. @param {ArrayLike<number>} one @param {ArrayLike<number>} other */
function correlation(one, other) {
  const count = one.length;
  let [x, y] = [0, 0];
  for (let at = 0; at < count; at += 1) (x += one[at] / count), (y += other[at] / count);
  let [xx, yy, xy] = [0, 0, 0];
  for (let at = 0; at < count; at += 1) {
    xx += (one[at] - x) ** 2;
    yy += (other[at] - y) ** 2;
    xy += (one[at] - x) * (other[at] - y);
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : NaN;
}

/**
 * Which group each value is of: itself where there are few, else an equal part of all in their order.
 * @param {ArrayLike<number>} values
 * @param {boolean} categories
 */
export function grouped(values, categories) {
  const distinct = [...new Set(Array.from(values))].sort((one, other) => one - other);
  if (categories || distinct.length <= GROUPS) {
    const places = new Map(distinct.map((value, at) => [value, at]));
    return Int32Array.from(values, (value) => /** @type {number} */ (places.get(value)));
  }
  const parts = Math.max(2, Math.min(GROUPS, Math.floor(values.length / 5)));
  return Int32Array.from(ranks(values), (rank) => Math.min(parts - 1, Math.floor(((rank - 1) * parts) / values.length)));
}

/**
 * @param {import("./data.js").Column} param
 * @param {import("./data.js").Column} metric
 * @param {Uint8Array} fits which runs count
 * @returns {{runs: number, share: number, rank: number}} share: 0 to 1, NaN where nothing can be said; rank: -1 to 1, NaN of categories
 */
export function influence(param, metric, fits) {
  const x = [];
  const y = [];
  for (let at = 0; at < fits.length; at += 1) {
    if (!fits[at] || Number.isNaN(param.numbers[at]) || Number.isNaN(metric.numbers[at])) continue;
    x.push(param.numbers[at]);
    y.push(metric.numbers[at]);
  }
  if (x.length < LEAST) return { runs: x.length, share: NaN, rank: NaN };
  const told = ranks(y);
  return { runs: x.length, share: explained(grouped(x, param.kinds !== null), told), rank: param.kinds ? NaN : correlation(ranks(x), told) };
}

/** @param {Int32Array} groups @param {Float64Array} values */
export function explained(groups, values) {
  const count = values.length;
  /** @type {Map<number, {count: number, sum: number}>} */
  const sums = new Map();
  let mean = 0;
  for (let at = 0; at < count; at += 1) {
    const one = sums.get(groups[at]) ?? { count: 0, sum: 0 };
    one.count += 1;
    one.sum += values[at];
    sums.set(groups[at], one);
    mean += values[at] / count;
  }
  const k = sums.size;
  // Groups of one run each explain everything, and nothing.
  if (k < 2 || k > count / 2) return NaN;
  let total = 0;
  for (const value of values) total += (value - mean) ** 2;
  let between = 0;
  for (const one of sums.values()) between += one.count * (one.sum / one.count - mean) ** 2;
  if (total === 0) return NaN;
  const within = (total - between) / (count - k);
  return Math.min(1, Math.max(0, (between - (k - 1) * within) / total));
}
