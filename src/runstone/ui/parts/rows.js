/** The keyboard in a list whose rows are all there: where it is, which rows are chosen. Rows are known by an id, so that a list that is asked for anew leaves both as they are. */

import { classes, useEffect, useRef, useState } from "../ground/html.js";
import { useKeys } from "../ground/keys.js";

/**
 * @param {{
 *   one: string, ids: string[], open: (id: string) => void, opens?: string, choose?: boolean, most?: number,
 *   compare?: {does: string, run: (picked: string[]) => void}, anew?: unknown, edge?: (by: 1 | -1) => boolean,
 * }} props
 *   one: what a row is called; opens: what Enter does, in words; most: rows that are chosen at the most, the last ones; anew: the keyboard begins
 *   again whenever this changes; edge: beyond the last (1) or first row (-1); true where other rows come
 */
export function useRows({ one, ids, open, opens = `Open the ${one}`, choose = true, most = Infinity, compare, anew, edge }) {
  const [at, show] = useState("");
  const [picked, setPicked] = useState(/** @type {string[]} */ ([]));
  // Keys come faster than rows are drawn: what counts is where the last one led.
  const place = useRef("");
  const enters = useRef(0);
  /** @param {string} id */
  const set = (id) => {
    place.current = id;
    show(id);
  };
  /** @param {1 | -1} by */
  const step = (by) => {
    const from = ids.indexOf(place.current);
    const to = from < 0 ? 0 : from + by;
    // Enter means the row from now on, not the button that was pressed before.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    if (to >= 0 && to < ids.length) set(ids[to]);
    else if (edge?.(by)) enters.current = by;
  };
  useEffect(() => {
    enters.current = 0;
    set("");
  }, [anew]);
  useEffect(() => {
    if (enters.current !== 0 && ids.length > 0) set(ids[enters.current > 0 ? 0 : ids.length - 1]);
    enters.current = 0;
  }, [ids.join("\n")]);
  useEffect(() => document.querySelector("tr.at")?.scrollIntoView({ block: "nearest" }), [at]);
  /** @param {string} id */
  const pick = (id) => setPicked((before) => (before.includes(id) ? before.filter((other) => other !== id) : [...before, id].slice(-most)));
  /** @param {(id: string) => void} act */
  const here = (act) => ids.includes(place.current) && act(place.current);
  useKeys([
    { keys: "j ArrowDown", does: `Next ${one}`, run: () => step(1) },
    { keys: "k ArrowUp", does: `Previous ${one}`, run: () => step(-1) },
    ...(choose ? [{ keys: "x", does: `Choose the ${one}`, run: () => here(pick) }] : []),
    { keys: "Enter o", does: opens, run: () => here(open) },
    ...(compare ? [{ keys: "c", does: compare.does, run: () => compare.run(picked) }] : []),
  ]);
  return {
    picked, pick, clear: () => setPicked([]),
    /** What a row's element says. @param {string} id */
    row: (id) => ({ class: classes(id === at && "at", picked.includes(id) && "chosen"), "aria-current": id === at ? "true" : undefined }),
  };
}
