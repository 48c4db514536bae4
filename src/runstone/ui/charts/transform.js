/** What is done to lines before they are drawn: smoothing, the range without outliers, bands of groups. Null is a gap throughout. */

/**
 * Exponential moving average, corrected for its start (Kingma and Ba, "Adam", 2015, section 3): the first values are not drawn towards zero.
 * @param {(number | null)[]} values
 * @param {number} weight of what came before, 0 to 1 (exclusive)
 * @returns {(number | null)[]}
 */
export function smoothed(values, weight) {
  if (!(weight > 0)) return values;
  let sum = 0;
  let share = 1;
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    share *= weight;
    return sum / (1 - share);
  });
}

/**
 * The range of values that leaves out outliers: beyond three times the span between the 5th and the 95th of a hundred.
 * @param {(number | null)[][]} lines
 * @returns {[number, number] | null}
 */
export function plainRange(lines) {
  /** @type {number[]} */
  const all = [];
  for (const line of lines) for (const value of line) if (value !== null) all.push(value);
  if (all.length < 20) return null;
  all.sort((one, other) => one - other);
  const low = all[Math.floor(all.length * 0.05)];
  const high = all[Math.floor(all.length * 0.95)];
  const span = high - low || Math.abs(high) || 1;
  return [Math.max(all[0], low - span), Math.min(all[all.length - 1], high + span)];
}

/**
 * Mean, and mean ± standard deviation, of several lines at each place; where a single one has a value it is the mean.
 * @param {(number | null)[][]} lines
 * @returns {{mean: (number | null)[], low: (number | null)[], high: (number | null)[]}}
 */
export function band(lines) {
  const length = lines[0]?.length ?? 0;
  /** @type {(number | null)[]} */
  const mean = new Array(length).fill(null);
  const low = [...mean];
  const high = [...mean];
  for (let at = 0; at < length; at += 1) {
    let count = 0;
    let middle = 0;
    let spread = 0; // Welford's sums
    for (const line of lines) {
      const value = line[at];
      if (value === null) continue;
      count += 1;
      const away = value - middle;
      middle += away / count;
      spread += away * (value - middle);
    }
    if (count === 0) continue;
    const deviation = count > 1 ? Math.sqrt(spread / (count - 1)) : 0;
    mean[at] = middle;
    low[at] = middle - deviation;
    high[at] = middle + deviation;
  }
  return { mean, low, high };
}
