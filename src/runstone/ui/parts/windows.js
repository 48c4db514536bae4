/**
 * The rows of a long list, as far as they have come, a hundred at a time: whoever shows some says which it wants. What has come stays where it
 * is; asked for again it is put in its place, and a row that is as it was stays the same object, so that it is not drawn anew.
 */

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "../ground/html.js";
import { returns } from "../ground/reach.js";

export const PAGE = 100;

/**
 * @template R, B
 * @typedef {{pages: Map<number, R[]>, total: number | undefined, beside?: B, error?: Error, told: string}} Rows
 */

/**
 * @template R, B
 * @param {unknown} key what the list is: when it changes, everything is asked for anew, and the old rows stay until then; null: nothing is asked for
 * @param {(offset: number, limit: number, signal: AbortSignal) => Promise<{rows: R[], total: number, beside?: B}>} ask
 *   beside: what else is told with the rows, and changes with them
 */
export function useWindows(key, ask) {
  const told = key === null ? "null" : JSON.stringify([key, returns.value]); // a server that is back is asked again
  const [state, setState] = useState(/** @type {Rows<R, B>} */ ({ pages: new Map(), total: undefined, told: "" }));
  const asking = useRef(ask);
  asking.current = ask;
  const latest = useRef(state);
  latest.current = state;
  const current = useRef({ told: "", under: new Map(), wanted: /** @type {[number, number]} */ ([0, 0]) });

  const fetchPage = useCallback((/** @type {number} */ number) => {
    const now = current.current;
    if (now.under.has(number)) return;
    const giveUp = new AbortController();
    now.under.set(number, giveUp);
    const mine = now.told;
    asking.current(number * PAGE, PAGE, giveUp.signal).then(
      ({ rows, total, beside }) => {
        if (current.current.told !== mine) return;
        now.under.delete(number);
        setState((before) => {
          const pages = before.told === mine ? new Map(before.pages) : new Map();
          pages.set(number, before.told === mine ? merged(before.pages.get(number), rows) : rows);
          return { pages, total, beside, told: mine };
        });
      },
      (error) => {
        if (current.current.told !== mine || giveUp.signal.aborted) return;
        now.under.delete(number);
        setState((before) => ({ ...before, error }));
      },
    );
  }, []);

  // Asked for before what shows it is drawn: the answer is on its way meanwhile.
  if (current.current.told !== told) {
    const before = current.current;
    for (const giveUp of before.under.values()) giveUp.abort();
    current.current = { told, under: new Map(), wanted: before.wanted };
    if (told !== "null") {
      fetchPage(0);
      for (const number of pagesOf(before.wanted)) if (number * PAGE < (latest.current.total ?? 0)) fetchPage(number);
    }
  }
  useLayoutEffect(() => setState((was) => (was.error ? { ...was, error: undefined } : was)), [told]);
  // Nobody waits for what a page asked for that is gone.
  useEffect(() => () => current.current.under.forEach((giveUp) => giveUp.abort()), []);

  const want = useCallback((/** @type {number} */ first, /** @type {number} */ last) => {
    current.current.wanted = [first, last];
    if (latest.current.told !== current.current.told) return;
    for (const number of pagesOf([first, last])) if (!latest.current.pages.has(number)) fetchPage(number);
  }, []);
  /** Ask again for what is in sight. */
  const refresh = useCallback(() => {
    if (latest.current.told !== current.current.told) return;
    for (const number of pagesOf(current.current.wanted)) if (latest.current.pages.has(number)) fetchPage(number);
  }, []);
  const row = useCallback((/** @type {number} */ at) => state.pages.get(Math.floor(at / PAGE))?.[at % PAGE], [state.pages]);
  return { row, total: state.total, beside: state.beside, error: state.error, want, refresh, loaded: state.pages };
}

/** @param {[number, number]} rows first and last */
function pagesOf([first, last]) {
  const from = Math.floor(first / PAGE);
  return Array.from({ length: Math.floor(last / PAGE) - from + 1 }, (_, at) => from + at);
}

/**
 * @template R
 * @param {R[] | undefined} before
 * @param {R[]} now
 */
function merged(before, now) {
  return before === undefined ? now : now.map((one, at) => (JSON.stringify(before[at]) === JSON.stringify(one) ? before[at] : one));
}
