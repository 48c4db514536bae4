/** The run that a run is part of, and those that are part of it. */

import { get, post, useAnswer } from "../ground/api.js";
import { colour, numbered } from "../ground/colours.js";
import { duration, number } from "../ground/format.js";
import { html } from "../ground/html.js";
import { link } from "../ground/route.js";
import { ofMachine } from "../ground/system.js";

/** Children that are asked for. */
const MOST = 100;

/** @param {string} experiment @param {string} id */
const address = (experiment, id) => link(["experiments", experiment, "runs", id]);

/** @param {{run: any, parent: string | undefined, turn: number}} props */
export function Relations({ run, parent, turn }) {
  const { run_id: id, experiment_id: experiment } = run.info;
  const above = useAnswer(parent ? ["parent", parent] : null, async (signal) => (await get("/mlflow/runs/get", { run_id: parent }, signal)).run.info);
  const below = useAnswer(["children", id, turn], (signal) =>
    post("/runstone/runs/table", { experiment_ids: [experiment], filter: `tags.mlflow.parentRunId = '${id}'`, order_by: ["attributes.start_time ASC"], limit: MOST, columns: shown(run) }, { signal }).then((answer) => (numbered(answer.rows ?? []), answer)));
  const rows = below.data?.rows ?? [];
  if (!parent && rows.length === 0) return null;
  const columns = shown(run);
  return html`<section class="card" aria-label="Related runs"><header><h2 class="grow">${rows.length > 0 ? html`Child runs <span class="quiet small">${below.data.total.toLocaleString("en")}</span>` : "Part of"}</h2>
    ${below.data?.total > 0 && html`<a href=${link(["experiments", experiment], { filter: `tags.mlflow.parentRunId = '${id}'` })}>In the table</a>`}</header>
    ${parent && html`<p class="inside row"><span class="quiet">Parent</span><a class="cut" href=${address(above.data?.experiment_id ?? experiment, parent)}>${above.data?.run_name || parent}</a>${above.data && html`<span class=${`status ${above.data.status}`}>${above.data.status.toLowerCase()}</span>`}${above.error && html`<span class="quiet small">(${above.error.message})</span>`}</p>`}
    ${rows.length > 0 && html`<div class="scroll"><table class="plain"><thead><tr><th>Name</th><th>Status</th><th class="number">Took</th>${columns.map((/** @type {any} */ { key }) => html`<th class="number">${key}</th>`)}</tr></thead><tbody>
      ${rows.map((/** @type {any} */ one) => html`<tr key=${one.run_id}>
        <td class="what"><span class="row"><span class="dot" style=${{ color: colour(one.run_id, one.colour) }} /><a href=${address(one.experiment_id, one.run_id)}>${one.run_name || one.run_id}</a></span></td>
        <td><span class=${`status ${one.status}`}>${one.status.toLowerCase()}</span></td>
        <td class="number">${duration(one.end_time && one.start_time ? one.end_time - one.start_time : undefined)}</td>
        ${(one.cells ?? []).map((/** @type {any} */ cell) => html`<td class="number">${typeof cell === "number" ? number(cell) : cell ?? ""}</td>`)}
      </tr>`)}
    </tbody></table></div>`}
  </section>`;
}

/** The first of the run's own metrics, beside its children's. @param {any} run */
const shown = (run) => (run.data?.metrics ?? []).filter((/** @type {any} */ one) => !ofMachine(one.key)).slice(0, 3).map((/** @type {any} */ one) => ({ kind: "metric", key: one.key, show: "last" }));
