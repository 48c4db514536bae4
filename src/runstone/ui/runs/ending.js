/** A run that says that it is under way, and of which nothing has been heard: nobody but a person knows that its machine is gone. */

import { post } from "../ground/api.js";
import { ago, when } from "../ground/format.js";
import { ask } from "../parts/dialog.js";

/** Without a point for so many ms, a run under way is called silent. */
export const SILENT = 600_000;

/** Whether a run is under way as far as is known. @param {string} status */
export const underWay = (status) => status === "RUNNING" || status === "SCHEDULED";

/** @param {string} status @param {number | undefined} heard when its last point came, or when it started (ms) @param {number} [now] */
export const silent = (status, heard, now = Date.now()) => status === "RUNNING" && heard !== undefined && heard > 0 && now - heard > SILENT;

/**
 * Say how a run ended that has not said it itself.
 * @param {{run_id: string, run_name?: string}} run
 * @param {"KILLED" | "FAILED" | "FINISHED"} status
 * @param {number | undefined} heard when its last point came (ms), which is taken for its end
 * @param {() => unknown} done
 */
export function end({ run_id, run_name }, status, heard, done) {
  const then = heard ? `Its end is when its last point came: ${when(heard)}, ${ago(heard)}.` : "It logged no metric: its end is now.";
  ask({
    title: `Mark ${run_name || run_id} as ${status.toLowerCase()}?`, text: `${then} This stops nothing: a run that is still there goes on, what it logs is kept, and it says itself how it ends.`,
    act: `Mark as ${status.toLowerCase()}`, bad: true,
    then: async () => {
      await post("/runstone/runs/end", { run_id, status, end_time: heard || Date.now() });
      await done();
    },
  });
}
