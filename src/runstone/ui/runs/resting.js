/** Where one was in a table of runs when one left it for a run: it is the same when one comes back to its address, while the page is open. */

import { useEffect, useRef } from "../ground/html.js";

/** Do something when what it is about is not any more what it was; not at first. @param {() => void} act @param {unknown} about */
export function useChanged(act, about) {
  const before = useRef(about);
  useEffect(() => {
    if (before.current === about) return;
    before.current = about;
    act();
  }, [about]);
}

/** @typedef {{top: number, at: number, picked: Map<string, import("./columns.js").Run | null>, open: string[]}} Spot top: pixels that it is scrolled by; at: the row of the keyboard; open: unfolded runs */

/** Tables that are remembered; the oldest is forgotten. */
const MOST = 10;

/** @type {Map<string, Spot>} */
const left = new Map();

/**
 * The spot in a table, which whoever draws it keeps up to date.
 * @param {string} address the table's
 */
export function useSpot(address) {
  const spot = useRef(/** @type {Spot | null} */ (null));
  const here = (spot.current ??= left.get(address) ?? { top: 0, at: -1, picked: new Map(), open: [] });
  const last = useRef(address);
  last.current = address;
  useEffect(() => () => {
    left.delete(last.current);
    left.set(last.current, here);
    if (left.size > MOST) left.delete(/** @type {string} */ (left.keys().next().value));
  }, []);
  return here;
}
