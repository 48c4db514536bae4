/** Lines made smooth, as people know it. At the same weight each kind leaves as much of the noise. Null is a gap throughout. Knows no browser. */

/** @typedef {import("./transform.js").Values} Values */
/** @typedef {"" | "gaussian" | "mean"} Kind "": an exponential average of what came before; the others look to both sides */

/** Deviations at which a Gaussian's weights end. */
const REACH = 3;

/**
 * How many points a mean has that leaves as much noise as an exponential average of this weight: (1 - w) / (1 + w) of its variance.
 * @param {number} weight
 */
export const points = (weight) => (1 + weight) / (1 - weight);

/**
 * @param {Values} values
 * @param {number} weight of what came before, 0 to 1 (exclusive)
 * @param {number} [each] how many points each value stands for: the average is as slow where a value is the mean of many
 * @param {Kind} [kind]
 * @returns {Values}
 */
export function smoothed(values, weight, each = 1, kind = "") {
  if (!(weight > 0)) return values;
  if (kind === "") return exponential(values, weight ** Math.max(1, each));
  const span = points(weight) / Math.max(1, each);
  return around(values, kind === "mean" ? box(span) : gaussian(span / (2 * Math.sqrt(Math.PI))));
}

/**
 * Corrected for its start (Kingma and Ba, "Adam", 2015, section 3): the first values are not drawn towards zero.
 * @param {Values} values
 * @param {number} kept
 * @returns {Values}
 */
function exponential(values, kept) {
  let sum = 0;
  let share = 1;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return null;
    sum = kept * sum + (1 - kept) * value;
    share *= kept;
    return sum / (1 - share);
  });
}

/** Weights of a value and its neighbours on either side, the same for so many in all. @param {number} span */
function box(span) {
  const half = Math.max(0, (span - 1) / 2);
  const whole = Math.floor(half);
  return [...new Array(whole + 1).fill(1), ...(half > whole ? [half - whole] : [])];
}

/** @param {number} deviation in values */
const gaussian = (deviation) => Array.from({ length: Math.ceil(REACH * deviation) + 1 }, (_, away) => (away === 0 ? 1 : Math.exp(-0.5 * (away / deviation) ** 2)));

/**
 * Means of values and their neighbours that are there; at the ends there are fewer.
 * @param {Values} values
 * @param {number[]} weights of a value itself, of the next on either side, ...
 * @returns {Values}
 */
function around(values, weights) {
  const there = Float64Array.from(values.filter((value) => value !== null && Number.isFinite(value)), Number);
  let place = 0;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return null;
    let sum = there[place] * weights[0];
    let all = weights[0];
    for (let away = 1; away < weights.length; away += 1) {
      if (place >= away) {
        sum += weights[away] * there[place - away];
        all += weights[away];
      }
      if (place + away < there.length) {
        sum += weights[away] * there[place + away];
        all += weights[away];
      }
    }
    place += 1;
    return sum / all;
  });
}
