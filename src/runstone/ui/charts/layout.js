/**
 * How somebody laid out the charts of an experiment: pinned, hidden, moved, over each other. Remembered in this browser, and told in the address, so that a
 * link shows what its sender saw. What another's link says is changed in the address alone: one's own is there again without it.
 */

import { kept } from "../ground/kept.js";
import { change, place } from "../ground/route.js";

/**
 * @typedef {{pinned: string[], hidden: string[], order: string[], closed: string[], joined: string[][]}} Layout
 *   order: metrics that were moved, each before those that were not; joined: metrics that share a chart; closed: sections that are folded, here alone
 */

/** Experiments that are remembered; the oldest is forgotten. */
const PLACES = 100;
/** Characters of an address; what is longer is remembered and not told. */
const LONGEST = 3_000;
const NONE = /** @type {Layout} */ ({ pinned: [], hidden: [], order: [], closed: [], joined: [] });
const LISTS = /** @type {("pinned" | "hidden" | "order" | "joined")[]} */ (["pinned", "hidden", "order", "joined"]);

const layouts = kept("charts", /** @type {Record<string, Layout>} */ ({}));

/** @param {string} where @returns {Layout} */
const own = (where) => ({ ...NONE, ...layouts.value[where] });

/** As it stands in an address: without what is as at first. @param {Layout} layout */
const written = (layout) => JSON.stringify(Object.fromEntries(LISTS.flatMap((list) => (layout[list].length > 0 ? [[list, layout[list]]] : []))));

/** @param {unknown} list @returns {list is string[]} */
const texts = (list) => Array.isArray(list) && list.every((one) => typeof one === "string");

/** What the address says, if it says anything that is a layout. @returns {Partial<Layout> | null} */
function told() {
  const text = place.value.query.get("laid");
  if (text === null) return null;
  try {
    const said = JSON.parse(text);
    const { pinned = [], hidden = [], order = [], joined = [] } = said;
    return texts(pinned) && texts(hidden) && texts(order) && Array.isArray(joined) && joined.every(texts) ? { pinned, hidden, order, joined } : null;
  } catch {
    return null; // not as it was written
  }
}

/** @param {string} where @returns {Layout} */
export const layout = (where) => ({ ...own(where), ...told() });

/** Whether it is one's own that is seen. @param {string} where */
const isOwn = (where) => written(layout(where)) === written(own(where));

/** @param {string} where @param {Partial<Layout>} changes */
export function lay(where, changes) {
  const next = { ...layout(where), ...changes };
  const text = written(next);
  const { [where]: had, ...others } = layouts.value;
  const rest = Object.fromEntries(Object.entries(others).slice(-PLACES + 1));
  if (isOwn(where) || text.length > LONGEST) layouts.value = { ...rest, [where]: next };
  else layouts.value = { ...rest, [where]: { ...NONE, ...had, closed: next.closed } };
  say(where, text);
}

/** Tell one's own in the address, where it tells none. @param {string} where */
export function tell(where) {
  if (told() === null) say(where, written(own(where)));
}

/** @param {string} where @param {string} text */
function say(where, text) {
  // Where one's own is another, that there is none has to be said.
  change({ laid: text.length > LONGEST || (text === "{}" && written(own(where)) === "{}") ? null : text });
}

/** @param {string[]} list @param {string} one */
export const toggled = (list, one) => (list.includes(one) ? list.filter((other) => other !== one) : [...list, one]);
