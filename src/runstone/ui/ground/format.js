/** Numbers, times, sizes as people read them. Always the same width for the same kind, so that columns line up. */

/**
 * A metric's value: five significant digits, all digits of a whole number below a million.
 * @param {number | null | undefined} value null is NaN, as the server says it
 */
export function number(value) {
  if (value === undefined) return "";
  if (value === null || Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return minus(String(value));
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) return minus(value.toExponential(3).replace("e+", "e"));
  return minus(String(Number(value.toPrecision(5))));
}

/** The order of texts in which "run 9" is before "run 10": one for all, for localeCompare makes its own for each pair. */
export const natural = new Intl.Collator(undefined, { numeric: true }).compare;

/** @param {string} text */
const minus = (text) => text.replace(/-/g, "−");

/**
 * @param {number} count
 * @param {string} one such as "run"
 * @param {string} [many]
 */
export const counted = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

const UNITS = /** @type {[number, string][]} */ ([[86_400, "d"], [3_600, "h"], [60, "m"], [1, "s"]]);

/**
 * A span: "2h 05m", "41.2s", "130ms".
 * @param {number | null | undefined} ms
 */
export function duration(ms) {
  if (ms === null || ms === undefined || ms < 0) return "";
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1_000);
  const place = UNITS.findIndex(([size]) => seconds >= size);
  const [size, unit] = UNITS[place];
  const [smaller, below] = UNITS[place + 1];
  return `${Math.floor(seconds / size)}${unit} ${String(Math.floor((seconds % size) / smaller)).padStart(2, "0")}${below}`;
}

/**
 * How long ago: "now", "5m ago", "3d ago", then the date.
 * @param {number | null | undefined} time ms since 1970
 * @param {number} [now]
 */
export function ago(time, now = Date.now()) {
  if (!time) return "";
  const seconds = (now - time) / 1_000;
  if (seconds < 10) return "now";
  if (seconds > 30 * 86_400) return day(time);
  const [size, unit] = UNITS.find(([size]) => seconds >= size) ?? [1, "s"];
  return `${Math.floor(seconds / size)}${unit} ago`;
}

/** @param {number} time */
export function day(time) {
  const date = new Date(time);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/**
 * Date and time of the reader's own zone.
 * @param {number | null | undefined} time
 */
export function when(time) {
  if (!time) return "";
  const date = new Date(time);
  return `${day(time)} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** @param {number} value */
const two = (value) => String(value).padStart(2, "0");

/**
 * @param {number | null | undefined} count bytes
 */
export function size(count) {
  if (count === null || count === undefined) return "";
  if (count < 1_000) return `${count} B`;
  let left = count;
  for (const unit of ["kB", "MB", "GB", "TB"]) {
    left /= 1_000;
    if (left < 999.5) return `${left < 9.95 ? left.toFixed(1) : Math.round(left)} ${unit}`;
  }
  return `${Math.round(left / 1_000)} PB`;
}
