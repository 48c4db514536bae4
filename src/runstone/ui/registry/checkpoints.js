/** The models of one name that a run logged, step by step. */

import { get, useAnswer } from "../ground/api.js";
import { html } from "../ground/html.js";
import { link } from "../ground/route.js";
import { machineLast } from "../ground/system.js";
import { latest, measures, shown } from "./asking.js";

const MOST = 500;
const METRICS = 3;

/** @param {{run: string, experiment: string, model: string, name: string}} props */
export function Checkpoints({ run, experiment, model, name }) {
  const { data } = useAnswer(["checkpoints", run], async (signal) => {
    const outputs = (await get("/mlflow/runs/get", { run_id: run }, signal)).run.outputs?.model_outputs ?? [];
    const steps = new Map(outputs.slice(0, MOST).map((/** @type {any} */ one) => [one.model_id, Number(one.step ?? 0)]));
    const found = await measures([.../** @type {Map<string, number>} */ (steps).keys()], signal);
    return [...found.values()].map((one) => ({ ...one, step: /** @type {number} */ (steps.get(one.model_id)), latest: latest(one.metrics) }));
  });
  const rows = (data ?? []).filter((one) => one.name === name).sort((one, other) => one.step - other.step);
  if (rows.length < 2) return null;
  const keys = [...new Set(rows.flatMap((one) => [...one.latest.keys()]))].sort(machineLast).slice(0, METRICS);
  return html`<section class="card"><header><h2>Checkpoints <span class="quiet small">${rows.length}</span></h2></header>
    <div class="scroll checkpoints"><table class="plain"><thead><tr><th class="number">Step</th>${keys.map((key) => html`<th class="number">${key}</th>`)}<th>Model</th></tr></thead>
      <tbody>${rows.map((one) => html`<tr key=${one.model_id} aria-current=${one.model_id === model ? "true" : undefined}><td class="number">${one.step}</td>${keys.map((key) => html`<td class="number">${one.latest.has(key) ? shown(one.latest.get(key)?.value) : ""}</td>`)}
        <td>${one.model_id === model ? html`<span class="quiet">this one</span>` : html`<a class="mono" href=${link(["experiments", experiment, "models", one.model_id])}>${one.model_id.slice(0, 10)}</a>`}</td></tr>`)}</tbody></table></div></section>`;
}
