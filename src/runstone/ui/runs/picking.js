/** Which runs are chosen: one by one, from one to another with Shift, all that the filter finds; with what is known of each. */

import { useRef, useState } from "../ground/html.js";
import { tried } from "../parts/toasts.js";

/** As many as one answer has. */
const MOST = 100_000;

/**
 * @param {{row: (at: number) => import("./columns.js").Run | undefined, ids: (offset: number, limit: number, flat?: boolean) => Promise<string[]>, found: number}} list
 * @param {import("./resting.js").Spot} spot what was chosen when one was here last
 */
export function usePicked(list, spot) {
  // Boxes are drawn once, and mean the rows that there are when they are pressed: further down, or of another filter.
  const now = useRef(list);
  now.current = list;
  const [picked, setPicked] = useState(spot.picked);
  spot.picked = picked;
  const anchor = useRef(-1);

  /** @param {number} at @param {boolean} [range] up to it from the one before */
  const pick = async (at, range = false) => {
    const run = now.current.row(at);
    if (!run) return;
    const from = anchor.current;
    anchor.current = at;
    if (range && from >= 0 && from !== at) {
      const [first, last] = from < at ? [from, at] : [at, from];
      const ids = await tried(() => now.current.ids(first, Math.min(MOST, last - first + 1)));
      setPicked((before) => {
        const next = new Map(before);
        const known = new Map(Array.from({ length: Math.min(1_000, last - first + 1) }, (_, place) => now.current.row(first + place)).flatMap((one) => (one ? [[one.run_id, one]] : [])));
        for (const id of ids ?? []) next.set(id, known.get(id) ?? before.get(id) ?? null);
        return next;
      });
      return;
    }
    setPicked((before) => {
      const next = new Map(before);
      if (!next.delete(run.run_id)) next.set(run.run_id, run);
      return next;
    });
  };
  const all = async () => {
    const ids = await tried(() => now.current.ids(0, MOST, true));
    if (ids) setPicked((before) => new Map(ids.map((id) => [id, before.get(id) ?? null])));
  };
  const clear = () => {
    anchor.current = -1;
    setPicked(new Map());
  };
  return { picked, pick, all, clear };
}
