/** What a run used and what it made: datasets, versions of artifacts, logged models. */

import { get, post, useAnswer } from "../ground/api.js";
import { ago, counted, number, size, when } from "../ground/format.js";
import { html } from "../ground/html.js";
import { safe } from "../ground/markdown.js";
import { flat, python } from "../ground/quoted.js";
import { link } from "../ground/route.js";
import { Copy } from "../parts/code.js";
import { Empty, Skeleton, Trouble } from "../parts/states.js";

/** Logged models that are asked about. */
const MODELS = 50;

/** A text that is JSON; null for any other. @param {string | undefined} text @returns {any} */
function json(text) {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

/** @param {{run: any, turn: number}} props */
export function Data({ run, turn }) {
  const { run_id: id, experiment_id: experiment } = run.info;
  const used = run.inputs?.model_inputs ?? [];
  const made = run.outputs?.model_outputs ?? [];
  const models = [...used, ...made].slice(0, MODELS).map((/** @type {any} */ one) => one.model_id);
  const known = useAnswer(["models", id, models], async (signal) =>
    new Map(await Promise.all(models.map(async (/** @type {string} */ one) => /** @type {[string, any]} */ ([one, await get(`/mlflow/logged-models/${encodeURIComponent(one)}`, {}, signal).then((answer) => answer.model, () => null)])))));
  const versions = useAnswer(["versions", id, turn], async (signal) => (await post("/runstone/artifact-versions/search", { run_id: id }, { signal })).versions ?? []);
  const registered = useAnswer(["registered", id, turn], async (signal) => (await get("/mlflow/model-versions/search", { filter: `run_id = '${id}'`, max_results: 200 }, signal)).model_versions ?? []);
  const sets = run.inputs?.dataset_inputs ?? [];
  const error = versions.error ?? registered.error;
  if (error) return html`<${Trouble} error=${error} again=${versions.again} />`;
  if (!versions.data || !registered.data || !known.data) return html`<${Skeleton} rows=${8} />`;
  const usedVersions = versions.data.filter((/** @type {any} */ one) => (one.used_by ?? []).includes(id));
  const madeVersions = versions.data.filter((/** @type {any} */ one) => (one.produced_by ?? []).includes(id));
  const nothing = sets.length + used.length + made.length + versions.data.length + registered.data.length === 0;
  if (nothing) {
    return html`<${Empty} title="No inputs, no outputs" code=${'runstone.log_input(runstone.data.from_pandas(frame, source="train.csv"), context="training")\nrunstone.use_artifact("features:latest")\nrunstone.sklearn.log_model(model, name="model")'}>Datasets, versions of artifacts and models that a run says it used or made are listed here, and lead from data to models.<//>`;
  }
  return html`<div class="halves">
    <div class="column" role="group" aria-label="Inputs"><h2 class="section">Used</h2>
      ${sets.length + used.length + usedVersions.length === 0 && html`<p class="note">Nothing was said to be used.</p>`}
      ${sets.map((/** @type {any} */ one) => html`<${Dataset} used=${one} />`)}
      ${usedVersions.length > 0 && html`<${Versions} title="Artifacts" list=${usedVersions} />`}
      ${used.length > 0 && html`<${Models} experiment=${experiment} list=${used} known=${known.data} registered=${[]} />`}
    </div>
    <div class="column" role="group" aria-label="Outputs"><h2 class="section">Made</h2>
      ${made.length + madeVersions.length + registered.data.length === 0 && html`<p class="note">No model and no version was made. <a href=${link(["experiments", experiment, "runs", id, "artifacts"])}>Its files</a></p>`}
      ${made.length > 0 && html`<${Models} experiment=${experiment} list=${made} known=${known.data} registered=${registered.data} />`}
      ${madeVersions.length > 0 && html`<${Versions} title="Artifacts" list=${madeVersions} />`}
      ${registered.data.some((/** @type {any} */ one) => !one.model_id) && html`<${Registered} list=${registered.data.filter((/** @type {any} */ one) => !one.model_id)} />`}
    </div>
  </div>`;
}

/** @param {{used: any}} props */
function Dataset({ used }) {
  const { dataset, tags = [] } = used;
  const context = tags.find((/** @type {any} */ one) => one.key === "mlflow.data.context")?.value;
  const source = json(dataset.source);
  const place = String(source?.uri ?? source?.url ?? source?.path ?? source?.name ?? dataset.source ?? "");
  const schema = json(dataset.schema);
  const profile = json(dataset.profile);
  const columns = /** @type {any[]} */ (schema?.mlflow_colspec ?? schema?.mlflow_tensorspec?.features ?? []);
  return html`<section class="card" aria-label=${`Dataset ${dataset.name}`}><header><h3 class="grow cut">${dataset.name}</h3>${context && html`<span class="tag">${context}</span>`}</header><div class="inside"><dl class="facts">
      <dt>Digest</dt><dd class="row"><code class="cut">${dataset.digest}</code><${Copy} text=${flat(String(dataset.digest))} /></dd>
      <dt>Source</dt><dd>${safe(place).startsWith("http") ? html`<a href=${place} target="_blank" rel="noopener noreferrer">${place}</a>` : html`<code>${place.slice(0, 500)}</code>`} <span class="quiet small">${dataset.source_type}</span></dd>
      ${profile !== null && typeof profile === "object" && html`<dt>Profile</dt><dd>${Object.entries(profile).slice(0, 12).map(([name, value]) => html`<span class="tag">${name.replaceAll("_", " ")}: ${typeof value === "number" ? value.toLocaleString("en") : JSON.stringify(value).slice(0, 80)}</span> `)}</dd>`}
    </dl></div>
    ${Array.isArray(columns) && columns.length > 0
      ? html`<details class="inside" open=${columns.length <= 12}><summary>${counted(columns.length, "column")}</summary><div class="scroll packages" tabindex="0" role="region" aria-label="Columns"><table class="plain"><thead><tr><th>Column</th><th>Type</th></tr></thead><tbody>
        ${columns.slice(0, 1_000).map((column) => html`<tr><td>${String(column?.name ?? "")}</td><td class="mono quiet">${typed(column)}${column?.required === false ? " (may be missing)" : ""}</td></tr>`)}
      </tbody></table></div></details>`
      : schema && html`<details class="inside"><summary>Schema</summary><pre class="code">${JSON.stringify(schema, null, 2).slice(0, 20_000)}</pre></details>`}
  </section>`;
}

/** @param {any} column */
function typed(column) {
  const tensor = column?.["tensor-spec"] ?? column?.tensor_spec;
  if (tensor) return `${tensor.dtype} [${(tensor.shape ?? []).join(", ")}]`;
  return typeof column?.type === "string" ? column.type : JSON.stringify(column?.type ?? "").slice(0, 200);
}

/** @param {{experiment: string, list: any[], known: Map<string, any>, registered: any[]}} props */
function Models({ experiment, list, known, registered }) {
  return html`<section class="card" aria-label="Models"><header><h3>Models</h3></header><table class="plain"><thead><tr><th>Name</th><th>Status</th><th class="number">Step</th><th>Registered as</th></tr></thead><tbody>
    ${list.slice(0, MODELS).map((one) => {
      const model = known.get(one.model_id);
      const own = registered.filter((/** @type {any} */ version) => version.model_id === one.model_id);
      return html`<tr key=${one.model_id}>
        <td><a href=${link(["experiments", model?.info?.experiment_id ?? experiment, "models", one.model_id])}>${model?.info?.name ?? one.model_id}</a><div class="quiet small cut">${one.model_id}</div>
          ${model?.data?.metrics?.length > 0 && html`<div class="row wrap small">${model.data.metrics.slice(0, 4).map((/** @type {any} */ metric) => html`<span class="tag">${metric.key}: ${number(metric.value)}</span>`)}</div>`}</td>
        <td>${model ? html`<span class=${`status ${model.info.status.replace("LOGGED_MODEL_UPLOAD_", "").replace("LOGGED_MODEL_", "")}`}>${model.info.status.replace("LOGGED_MODEL_UPLOAD_", "").replace("LOGGED_MODEL_", "").toLowerCase()}</span>` : html`<span class="quiet">deleted</span>`}</td>
        <td class="number">${one.step ?? 0}</td>
        <td>${own.map((/** @type {any} */ version) => html`<div><a href=${link(["models", version.name, "versions", version.version])}>${version.name} ${version.version}</a></div>`)}</td>
      </tr>`;
    })}
  </tbody></table></section>`;
}

/** @param {{list: any[]}} props */
function Registered({ list }) {
  return html`<section class="card" aria-label="Registered"><header><h3>Registered</h3></header><table class="plain"><tbody>
    ${list.map((one) => html`<tr><td><a href=${link(["models", one.name, "versions", one.version])}>${one.name} ${one.version}</a></td><td class="quiet">${ago(Number(one.creation_timestamp))}</td></tr>`)}
  </tbody></table></section>`;
}

/** @param {{title: string, list: any[]}} props */
function Versions({ title, list }) {
  return html`<section class="card" aria-label=${title}><header><h3>${title}</h3></header><table class="plain"><thead><tr><th>Version</th><th class="number">Size</th><th class="number">Files</th><th>Made</th></tr></thead><tbody>
    ${list.map((one) => html`<tr key=${`${one.name}:v${one.version}`}>
      <td><span class="row"><code class="cut">${one.name}:v${one.version}</code><${Copy} text=${`runstone.use_artifact(${python(`${one.name}:v${one.version}`)})`} label="Copy code" /></span>
        <div class="row wrap">${(one.aliases ?? []).map((/** @type {string} */ alias) => html`<span class="tag">${alias}</span>`)}</div>${one.description && html`<div class="quiet small">${one.description}</div>`}<div class="quiet small cut">${one.digest}</div></td>
      <td class="number">${size(Number(one.size))}</td><td class="number">${one.file_count}</td><td class="quiet"><time title=${when(Number(one.creation_time))}>${ago(Number(one.creation_time))}</time></td>
    </tr>`)}
  </tbody></table></section>`;
}
