/** Metrics that share a chart: which do, which are offered for it, what becomes of the layout when that changes. Knows no browser. */

import { ofMachine } from "../ground/system.js";

/** Metrics of one chart; more are not told apart by their dashes. */
export const MOST = 6;

/**
 * The charts of these metrics. One that is drawn over another has none of its own.
 * @param {string[]} keys
 * @param {string[][]} joined metrics that share a chart; the first that is known stands for it
 * @returns {Map<string, string[]>} by the metric that stands for it
 */
export function charts(keys, joined) {
  const known = new Set(keys);
  /** @type {Map<string, string[]>} */
  const shared = new Map();
  const away = new Set();
  for (const list of joined) {
    const some = list.filter((key) => known.has(key)).slice(0, MOST);
    if (some.length < 2) continue;
    shared.set(some[0], some);
    for (const key of some.slice(1)) away.add(key);
  }
  return new Map(keys.filter((key) => !away.has(key)).map((key) => [key, shared.get(key) ?? [key]]));
}

/**
 * What changes in a layout when a chart gets other metrics. What is drawn over another is neither pinned nor hidden by itself any more; where the
 * first one leaves, the next stands where it stood.
 * @param {import("./layout.js").Layout} laid
 * @param {string[]} before the chart's metrics
 * @param {string[]} after at least one
 * @returns {Partial<import("./layout.js").Layout>}
 */
export function regrouped({ joined, pinned, hidden, order }, before, after) {
  const touched = new Set([...before, ...after]);
  // Metrics that these runs do not have keep their place in the chart.
  const unknown = (joined.find((list) => list.includes(before[0])) ?? []).filter((key) => !touched.has(key));
  const list = [...after, ...unknown];
  const others = joined.filter((one) => !one.includes(before[0])).map((one) => one.filter((key) => !touched.has(key)));
  const [from, to] = [before[0], after[0]];
  const led = (/** @type {string[]} */ some) => (from === to || !some.includes(from) ? some : some.flatMap((key) => (key === from ? [to] : key === to ? [] : [key])));
  const over = new Set(after.slice(1));
  return {
    joined: [...others, list].filter((one) => one.length > 1),
    pinned: led(pinned).filter((key) => !over.has(key)),
    hidden: hidden.filter((key) => !touched.has(key)),
    order: led(order),
  };
}

/**
 * Metrics in the order in which they are offered for a chart: those of its last word first (train/loss, val/loss), then those of its section, the machine's last.
 * @param {string} metric
 * @param {string[]} others
 */
export function alike(metric, others) {
  const last = (/** @type {string} */ key) => key.slice(key.lastIndexOf("/") + 1);
  const word = (/** @type {string} */ key) => key.split(/[/._]/).at(-1);
  const first = (/** @type {string} */ key) => key.slice(0, key.indexOf("/") + 1);
  const far = (/** @type {string} */ key) => (last(key) === last(metric) ? 0 : word(key) === word(metric) ? 1 : first(key) === first(metric) ? 2 : ofMachine(key) ? 4 : 3);
  return others.map((key) => ({ key, far: far(key) })).sort((one, other) => one.far - other.far).map(({ key }) => key);
}

/** What people call the parts of their data, in the order in which they are told: before a "/", as Lightning has it, or before a "_", as Keras. */
const PARTS = [/^(train|training)[/_.]/, /^(val|valid|validation|dev|eval)[/_.]/, /^test[/_.]/];

/**
 * Metrics that are the same on other data: train/loss and val/loss, loss and val_loss.
 * @param {string[]} keys
 * @returns {string[][]} at least two each
 */
export function same(keys) {
  /** @type {Map<string, {key: string, part: number}[]>} */
  const found = new Map();
  for (const key of keys) {
    const part = PARTS.findIndex((pattern) => pattern.test(key));
    const name = part < 0 ? key : key.replace(PARTS[part], "");
    found.set(name, [...(found.get(name) ?? []), { key, part }]);
  }
  return [...found.values()].filter((some) => some.length > 1).map((some) => some.sort((one, other) => one.part - other.part).slice(0, MOST).map(({ key }) => key));
}

/** Whether metrics share their charts. @param {string[][]} joined @param {string[][]} groups */
export const together = (joined, groups) => groups.every((some) => joined.some((list) => some.every((key) => list.includes(key))));

/**
 * What changes in a layout when all these share their charts, or none does any more.
 * @param {import("./layout.js").Layout} laid
 * @param {string[][]} groups
 * @param {boolean} share
 * @returns {Partial<import("./layout.js").Layout>}
 */
export function paired(laid, groups, share) {
  if (share) return groups.reduce((now, some) => ({ ...now, ...regrouped(now, [some[0]], some) }), laid);
  const members = new Set(groups.flat());
  return { joined: laid.joined.map((list) => list.filter((key, at) => at === 0 || !members.has(key))).filter((list) => list.length > 1) };
}
