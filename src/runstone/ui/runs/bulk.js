/** What can be done with the runs that are chosen. */

import { post } from "../ground/api.js";
import { counted } from "../ground/format.js";
import { html } from "../ground/html.js";
import { go } from "../ground/route.js";
import { ask } from "../parts/dialog.js";
import { Menu } from "../parts/menu.js";
import { say } from "../parts/toasts.js";

/**
 * Do something with each of some runs, six at a time. Raises the first error, after all have been tried.
 * @param {string[]} ids
 * @param {(id: string) => Promise<unknown>} act
 */
export async function each(ids, act) {
  const left = [...ids];
  /** @type {Error[]} */
  const failed = [];
  const worker = async () => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      try {
        await act(id);
      } catch (error) {
        failed.push(/** @type {Error} */ (error));
      }
    }
  };
  await Promise.all(Array.from({ length: 6 }, worker));
  if (failed.length > 0) throw new Error(`${failed.length} of ${ids.length} failed: ${failed[0].message}`);
}

/** @param {string[]} ids */
const deleteAll = (ids) => each(ids, (run_id) => post("/mlflow/runs/delete", { run_id }));
/** @param {string[]} ids */
const restoreAll = (ids) => each(ids, (run_id) => post("/mlflow/runs/restore", { run_id }));

/**
 * @param {{ids: string[], experiments: string[], deleted: boolean, done: () => void, clear: () => void}} props
 *   deleted: the table shows deleted runs; done: they have changed
 */
export function Bulk({ ids, experiments, deleted, done, clear }) {
  if (ids.length === 0) return null;
  const some = counted(ids.length, "run");
  const tag = () =>
    ask({
      title: `Tag ${some}`, act: "Set tag",
      fields: [{ label: "Key", name: "key" }, { label: "Value", name: "value", optional: true }],
      then: async ({ key, value }) => {
        await each(ids, (run_id) => post("/mlflow/runs/set-tag", { run_id, key, value }));
        done();
        say(`${some} tagged ${key} = ${value}`);
      },
    });
  const remove = async () => {
    const chosen = [...ids];
    try {
      await deleteAll(chosen);
      clear();
      done();
      say(`${some} deleted`, { undo: () => restoreAll(chosen).then(done) });
    } catch (error) {
      done();
      say(/** @type {Error} */ (error).message, { bad: true });
    }
  };
  const restore = async () => {
    await restoreAll(ids).then(() => say(`${some} restored`), (error) => say(error.message, { bad: true }));
    clear();
    done();
  };
  return html`<div class="row" role="toolbar" aria-label="Chosen runs">
    <span class="quiet">${some} chosen</span>
    <button type="button" class="main" disabled=${ids.length < 2} onClick=${() => go(["compare-runs"], { runs: JSON.stringify(ids), experiments: JSON.stringify(experiments) })}>Compare</button>
    <${Menu} label="More">
      <button type="button" onClick=${tag}>Tag…</button>
      ${deleted ? html`<button type="button" onClick=${restore}>Restore</button>` : html`<button type="button" class="bad" onClick=${remove}>Delete</button>`}
    <//>
    <button type="button" class="plain" onClick=${clear}>Clear</button>
  </div>`;
}
