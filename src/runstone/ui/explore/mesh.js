/** A metric over two axes as a mesh of cells: its means, smoothed means, lines of the same height (marching squares; Lorensen and Cline, 1987). */

/** @typedef {{wide: number, high: number, means: Float64Array, counts: Float64Array}} Mesh means: NaN where no run is; row by row from below */

/**
 * @param {import("./data.js").Column} x
 * @param {import("./data.js").Column} y
 * @param {import("./data.js").Column} z
 * @param {import("./scales.js").Scale} across
 * @param {import("./scales.js").Scale} up
 * @param {Uint8Array} fits
 * @param {number} wide cells
 * @param {number} high
 * @returns {Mesh}
 */
export function meshed(x, y, z, across, up, fits, wide, high) {
  const sums = new Float64Array(wide * high);
  const counts = new Float64Array(wide * high);
  for (let run = 0; run < fits.length; run += 1) {
    const [left, bottom, value] = [across.of(x.numbers[run]), up.of(y.numbers[run]), z.numbers[run]];
    if (!fits[run] || Number.isNaN(left + bottom + value)) continue;
    const cell = Math.min(high - 1, Math.max(0, Math.floor(bottom * high))) * wide + Math.min(wide - 1, Math.max(0, Math.floor(left * wide)));
    sums[cell] += value;
    counts[cell] += 1;
  }
  return { wide, high, counts, means: sums.map((sum, at) => (counts[at] > 0 ? sum / counts[at] : NaN)) };
}

/** A twentieth of the axis: cells that are further from any run than twice that stay empty. */
const SPREAD = 0.05;
const NOTHING = 0.02;

/** Means of each cell's neighbourhood, nearer runs counting more (Nadaraya and Watson's estimate with a Gaussian). @param {Mesh} mesh @returns {Mesh} */
export function smooth({ wide, high, means, counts }) {
  const sums = blurred(means.map((mean, at) => (counts[at] > 0 ? mean * counts[at] : 0)), wide, high);
  const weights = blurred(counts, wide, high);
  return { wide, high, counts, means: sums.map((sum, at) => (weights[at] > NOTHING ? sum / weights[at] : NaN)) };
}

/** @param {Float64Array} values @param {number} wide @param {number} high */
function blurred(values, wide, high) {
  const along = (/** @type {Float64Array} */ from, /** @type {number} */ length, /** @type {number} */ step, /** @type {number} */ others, /** @type {number} */ stride) => {
    const sigma = SPREAD * length;
    const far = Math.ceil(3 * sigma);
    const kernel = Array.from({ length: 2 * far + 1 }, (_, at) => Math.exp(-((at - far) ** 2) / (2 * sigma * sigma)));
    const to = new Float64Array(from.length);
    for (let other = 0; other < others; other += 1) {
      for (let at = 0; at < length; at += 1) {
        let sum = 0;
        for (let near = Math.max(0, at - far); near <= Math.min(length - 1, at + far); near += 1) sum += kernel[near - at + far] * from[other * stride + near * step];
        to[other * stride + at * step] = sum;
      }
    }
    return to;
  };
  return along(along(values, wide, 1, high, wide), high, wide, wide, 1);
}

/**
 * Pieces of the lines at so many heights between two, each from a point to a point, in parts of the axes.
 * @param {Mesh} mesh
 * @param {number} low
 * @param {number} top
 * @param {number} count
 * @returns {[[number, number], [number, number]][]}
 */
export function levels(mesh, low, top, count) {
  /** @type {[[number, number], [number, number]][]} */
  const found = [];
  const { wide, high, means } = mesh;
  for (let level = 1; level <= count; level += 1) {
    const height = low + ((top - low) * level) / (count + 1);
    for (let row = 0; row + 1 < high; row += 1) {
      for (let at = 0; at + 1 < wide; at += 1) {
        const corners = [[at, row], [at + 1, row], [at + 1, row + 1], [at, row + 1]];
        const values = corners.map(([left, up]) => means[up * wide + left]);
        if (values.some(Number.isNaN)) continue;
        /** @type {[number, number][]} */
        const crossed = [];
        for (let side = 0; side < 4; side += 1) {
          const [one, other] = [values[side], values[(side + 1) % 4]];
          if (one < height === other < height) continue;
          const part = (height - one) / (other - one);
          const [from, to] = [corners[side], corners[(side + 1) % 4]];
          crossed.push([(from[0] + part * (to[0] - from[0]) + 0.5) / wide, (from[1] + part * (to[1] - from[1]) + 0.5) / high]);
        }
        for (let piece = 0; piece + 1 < crossed.length; piece += 2) found.push([crossed[piece], crossed[piece + 1]]);
      }
    }
  }
  return found;
}
