/** What can be done with the runs that are chosen. */

import { post } from "../ground/api.js";
import { counted } from "../ground/format.js";
import { html } from "../ground/html.js";
import { go } from "../ground/route.js";
import { ask } from "../parts/dialog.js";
import { Menu } from "../parts/menu.js";
import { say } from "../parts/toasts.js";

/** So many are compared at most, and so many are deleted without a question. */
const COMPARED = 100;
const UNASKED = 100;
/** What one request changes, all or none. */
const TOGETHER = 2_000;

/**
 * Change runs, as many at a time as a request takes.
 * @param {string[]} ids
 * @param {{stage?: "deleted" | "active", tags?: {key: string, value: string}[]}} how
 */
async function changeAll(ids, how) {
  const all = ids.length.toLocaleString("en");
  for (let first = 0; first < ids.length; first += TOGETHER) {
    if (first > 0) say(`${first.toLocaleString("en")} of ${all} runs are done…`, { about: ids });
    try {
      await post("/runstone/runs/change", { run_ids: ids.slice(first, first + TOGETHER), ...how });
    } catch (error) {
      if (first === 0) throw error;
      throw new Error(`${first.toLocaleString("en")} of ${all} are done. ${/** @type {Error} */ (error).message}`);
    }
  }
}

/** @param {string[]} ids */
const deleteAll = (ids) => changeAll(ids, { stage: "deleted" });
/** @param {string[]} ids */
const restoreAll = (ids) => changeAll(ids, { stage: "active" });

/**
 * Delete runs, with a way back; many only when it was said twice.
 * @param {string[]} ids
 * @param {() => void} done
 */
export async function remove(ids, done) {
  const some = counted(ids.length, "run");
  const act = async () => {
    if (ids.length > UNASKED) say(`${some} are being deleted…`);
    try {
      await deleteAll(ids);
      say(`${some} deleted`, { undo: () => restoreAll(ids).then(done, (error) => say(error.message, { bad: true })) });
    } finally {
      done();
    }
  };
  if (ids.length > UNASKED) {
    ask({ title: `Delete ${some}?`, text: "Until they are pruned they can be restored: ⋯, Show deleted runs.", act: `Delete ${some}`, bad: true, then: act });
    return;
  }
  await act().catch((error) => say(error.message, { bad: true }));
}

/** @param {string[]} ids @param {() => void} done */
export async function restore(ids, done) {
  await restoreAll(ids).then(() => say(`${counted(ids.length, "run")} restored`), (error) => say(error.message, { bad: true }));
  done();
}

/** @param {string[]} ids @param {string[]} experiments */
export function compare(ids, experiments) {
  if (ids.length > COMPARED) say(`${counted(ids.length, "run")} are chosen: at most ${COMPARED} are compared.`, { bad: true });
  else go(["compare-runs"], { runs: JSON.stringify(ids), experiments: JSON.stringify(experiments) });
}

/** @param {string[]} ids @param {() => void} done */
export function tag(ids, done) {
  const some = counted(ids.length, "run");
  ask({
    title: `Tag ${some}`, act: "Set tag",
    fields: [{ label: "Key", name: "key" }, { label: "Value", name: "value", optional: true }],
    then: async ({ key, value }) => {
      await changeAll(ids, { tags: [{ key, value }] });
      done();
      say(`${some} tagged ${key} = ${value}`);
    },
  });
}

/**
 * @param {{
 *   ids: string[], experiments: string[], deleted: boolean, found: number, filter: string, all: () => void, done: () => void, clear: () => void,
 * }} props
 *   deleted: the table shows deleted runs; found: how many runs the filter finds; all: choose these; done: they have changed
 */
export function Bulk({ ids, experiments, deleted, found, filter, all, done, clear }) {
  if (ids.length === 0) return null;
  const gone = () => {
    clear();
    done();
  };
  return html`<div class="row wrap bulk" role="toolbar" aria-label="Chosen runs">
    <strong>${counted(ids.length, "run")} chosen</strong>
    ${ids.length < found && html`<button type="button" class="plain" onClick=${all}>Choose all ${found.toLocaleString("en")}${filter ? " that the filter finds" : ""}</button>`}
    <button type="button" class="main" disabled=${ids.length < 2 || ids.length > COMPARED} title=${ids.length > COMPARED ? `At most ${COMPARED} are compared.` : undefined} onClick=${() => compare(ids, experiments)}>Compare</button>
    <${Menu} label="More">
      <button type="button" onClick=${() => tag(ids, done)}>Tag…</button>
      ${deleted ? html`<button type="button" onClick=${() => restore(ids, gone)}>Restore</button>` : html`<button type="button" class="bad" onClick=${() => remove(ids, gone)}>Delete</button>`}
    <//>
    <button type="button" class="plain" onClick=${clear}>Clear</button>
  </div>`;
}
