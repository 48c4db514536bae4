/** The rows of a table of runs: windows of an order that stands still while one reads, with what goes on in them just now. */

import { post } from "../ground/api.js";
import { numbered } from "../ground/colours.js";
import { useCallback, useEffect, useMemo, useRef, useState } from "../ground/html.js";
import { usePulse } from "../ground/live.js";
import { useWindows } from "../parts/windows.js";
import { hear } from "./status.js";

/**
 * @typedef {{experiment_ids: string[], filter: string, run_view_type: string, order_by: string[], columns: import("./columns.js").Column[], nested: boolean, open: string[]}} Asked
 */

/** Milliseconds between two times that what is in sight is asked for again. */
const PAUSE = 300;

/** The name of an order, so that several windows may be asked for at once. */
export const mark = () => [...crypto.getRandomValues(new Uint8Array(8))].map((one) => one.toString(16).padStart(2, "0")).join("");

/**
 * @param {Asked | null} asked null: it is not known yet which columns
 * @param {string[]} experiments
 */
export function useRuns(asked, experiments) {
  const [turn, setTurn] = useState(0);
  const stamp = useRef({ of: "", stamp: "", counts: /** @type {{all: number, found: number} | undefined} */ (undefined) });
  // Runs that are opened or folded leave the order as it is.
  const order = JSON.stringify([asked && { ...asked, open: null, columns: null }, turn]);
  const list = useWindows(asked && [asked, turn], async (offset, limit, signal) => {
    if (stamp.current.of !== order) stamp.current = { of: order, stamp: mark(), counts: undefined };
    const mine = stamp.current;
    const answer = await post("/runstone/runs/table", { ...asked, offset, limit, stamp: mine.stamp }, { signal });
    numbered(answer.rows ?? []);
    mine.counts ??= { all: answer.all ?? 0, found: answer.found ?? 0 }; // as they were when the order was made
    return { rows: /** @type {import("./columns.js").Run[]} */ (answer.rows ?? []), total: answer.total ?? 0, beside: mine.counts };
  });
  const counts = list.beside;
  const again = useCallback(() => setTurn((before) => before + 1), []);

  const { pulse, turn: beat } = usePulse(experiments);
  const last = useRef(0);
  useEffect(() => hear(pulse), [pulse]);
  useEffect(() => {
    if (beat === 0) return undefined;
    const waiting = window.setTimeout(() => {
      last.current = Date.now();
      list.refresh();
    }, Math.max(0, last.current + PAUSE - Date.now()));
    return () => window.clearTimeout(waiting);
  }, [beat]);
  const fresh = useMemo(() => (pulse && counts && asked?.run_view_type === "ACTIVE_ONLY" ? Math.max(0, pulse.runs - counts.all) : 0), [pulse, counts]);
  // Where nothing stands yet, nothing moves under the reader.
  useEffect(() => {
    if (fresh > 0 && list.total === 0) again();
  }, [fresh, list.total]);

  /** The ids of the rows `offset` to `offset + limit`; flat: with those that are folded. @param {number} offset @param {number} limit @param {boolean} [flat] @returns {Promise<string[]>} */
  const ids = async (offset, limit, flat = false) => {
    const { columns: _, ...which } = /** @type {Asked} */ (asked);
    const answer = await post("/runstone/runs/ids", { ...which, ...(flat ? { nested: false, open: [] } : {}), offset, limit, stamp: stamp.current.stamp });
    return answer.run_ids ?? [];
  };
  return { ...list, all: counts?.all ?? 0, found: counts?.found ?? 0, stamp: () => stamp.current.stamp, again, turn, ids, fresh, pulse };
}
