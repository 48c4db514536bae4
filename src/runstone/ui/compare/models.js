/** The models that runs logged, by their names, and how two of one name differ. */

import { get, useAnswer } from "../ground/api.js";
import { html, useState } from "../ground/html.js";
import { link } from "../ground/route.js";
import { Above } from "../parts/dialog.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { measures } from "../registry/asking.js";
import { Sides } from "../registry/sides.js";
import { keysOf } from "./sheet.js";

/** Models of a run that are looked at, the last ones. */
const MOST = 200;

/** @typedef {import("../registry/asking.js").Measured} Model */

/**
 * The models of a run by name; of several with one name (checkpoints) the last.
 * @param {import("./runs.js").Compared} run
 * @param {AbortSignal} signal
 * @returns {Promise<Map<string, Model>>}
 */
export async function modelsOf(run, signal) {
  const ids = run.models.slice(-MOST);
  const found = await measures(ids, signal);
  return new Map(ids.flatMap((id) => found.get(id) ?? []).map((model) => [model.name || model.model_id, model]));
}

/**
 * @param {Map<string, Model>[]} models
 * @param {number} base
 * @param {(name: string, at: number) => void} open shows how a run's model differs from the baseline's
 * @returns {import("./sheet.js").Section[]}
 */
export function sections(models, base, open) {
  const rows = keysOf(models).map((name) => {
    const found = models.map((some) => some.get(name));
    return {
      key: `model ${name}`, differs: found.some((one) => one?.model_id !== found[0]?.model_id), title: html`<span class="cut" title=${name}>${name}</span>`,
      cell: (/** @type {number} */ at) => {
        const one = found[at];
        return one && html`<span class="row"><a class="cut mono" title=${one.model_id} href=${link(["experiments", one.experiment_id, "models", one.model_id])}>${one.model_id.slice(0, 10)}</a>
          ${base >= 0 && at !== base && found[base] && html`<button type="button" class="plain small link" aria-label=${`Differences of the model ${name}`} onClick=${() => open(name, at)}>differences</button>`}</span>`;
      },
    };
  });
  return rows.length > 0 ? [{ title: "Models", rows, none: "" }] : [];
}

/** @param {Model} model @param {string} run @param {AbortSignal} signal @returns {Promise<import("../registry/sides.js").Side>} */
async function side(model, run, signal) {
  const description = await get("/runstone/models/description", { model_id: model.model_id }, signal).catch((error) => ({ problem: error.message }));
  return { title: run, href: link(["experiments", model.experiment_id, "models", model.model_id]), about: [["status", model.status], ["files", description.problem ? "" : `${description.files} of ${description.size} bytes`]], description, measured: model };
}

/** @param {{name: string, models: [Model, Model], runs: [string, string], close: () => void}} props */
export function ModelDifference({ name, models, runs, close }) {
  const [only, setOnly] = useState(true);
  const { data, error, again } = useAnswer(models.map(({ model_id }) => model_id), (signal) => Promise.all(models.map((model, at) => side(model, runs[at], signal))));
  return html`<${Above} label=${`How the model ${name} differs`} close=${close} wide><div class="inside column">
    <div class="row wrap"><h2 class="grow cut">${name}</h2><label><input type="checkbox" checked=${only} onChange=${() => setOnly(!only)} /> Only differences</label></div>
    ${error ? html`<${Trouble} error=${error} again=${again} />` : !data ? html`<${Skeleton} rows=${8} />` : html`<${Sides} sides=${data} only=${only} />`}
    <footer><button type="button" onClick=${close}>Close</button></footer>
  </div><//>`;
}
