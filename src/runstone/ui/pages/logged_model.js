/** One logged model: what was measured of it, the checkpoints beside it, what it takes and gives, and what became of it. */

import { get, useAnswer } from "../ground/api.js";
import { when } from "../ground/format.js";
import { html } from "../ground/html.js";
import { link } from "../ground/route.js";
import { Artifacts } from "../artifacts/artifacts.js";
import { Heading } from "../parts/heading.js";
import { Copy } from "../parts/code.js";
import { Menu } from "../parts/menu.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { Crumbs, Tabs } from "../parts/tabs.js";
import { statusOf } from "../registry/asking.js";
import { loggedTags, register, removeLogged } from "../registry/changing.js";
import { Checkpoints } from "../registry/checkpoints.js";
import { Lineage } from "../registry/lineage.js";
import { Measures } from "../registry/measures.js";
import { signatureOf, SignatureCard } from "../registry/schema.js";
import { Stored, useDescription } from "../registry/stored.js";
import { Tags } from "../registry/tags.js";
import { TryIt } from "../registry/tryit.js";

const TABS = ["overview", "files", "try it", "lineage"];

/** @param {{parts: {ids: string, model: string, rest?: string}, query: URLSearchParams}} props */
export default function LoggedModel({ parts, query }) {
  const { ids: experiment, model: model_id } = parts;
  const [place, ...within] = (parts.rest ?? "").split("/");
  const tab = place === "artifacts" ? "files" : (TABS.find((one) => one === query.get("tab")) ?? "overview");
  const { data, error, again } = useAnswer(["logged model", model_id], async (signal) => (await get(`/mlflow/logged-models/${encodeURIComponent(model_id)}`, {}, signal)).model);
  const about = useAnswer(["experiment", experiment], async (signal) => (await get("/mlflow/experiments/get", { experiment_id: experiment }, signal)).experiment);
  const of = { model_id };
  const description = useDescription(of);
  const trail = [{ name: "Experiments", href: link(["experiments"]) }, { name: about.data?.name ?? experiment, href: link(["experiments", experiment]) }, { name: "models", href: link(["experiments", experiment, "models"]) }, { name: data?.info.name ?? model_id }];
  if (error && !data) return html`<${Crumbs} trail=${trail} /><${Trouble} error=${error} again=${again} />`;
  if (!data) return html`<${Crumbs} trail=${trail} /><${Skeleton} rows=${12} />`;
  const { info } = data;
  /** @param {string} path */
  const at = (path) => link(["experiments", experiment, "models", model_id, "artifacts", ...path.split("/").filter(Boolean)]);
  const uri = `models:/${model_id}`;
  const signature = signatureOf(description.data?.model?.signature);
  return html`
    <${Crumbs} trail=${trail} />
    <div class="head"><${Heading} text=${info.name} within="logged model" /><span class=${`status ${statusOf(info.status)}`}>${statusOf(info.status).toLowerCase()}</span>
      ${info.model_type && html`<span class="tag">${info.model_type}</span>`}<span class="grow" />
      <button type="button" class="main" disabled=${statusOf(info.status) !== "READY"} onClick=${() => register({ source: uri, model_id, run_id: info.source_run_id || undefined, title: `Register ${info.name}`, suggested: info.name })}>Register…</button>
      <${Menu} label="⋯" title="More" right><button type="button" class="bad" onClick=${() => removeLogged(info, experiment)}>Delete…</button><//></div>
    ${info.status_message && html`<p class="note bad">${info.status_message}</p>`}
    <${Tabs} label="Parts of the model" chosen=${tab} tabs=${TABS.map((name) => ({ name, href: name === "files" ? at("") : link(["experiments", experiment, "models", model_id], { tab: name === "overview" ? "" : name }) }))} />
    ${tab === "lineage"
      ? html`<${Lineage} of=${`model/${model_id}`} />`
      : tab === "files"
        ? html`<${Artifacts} owner=${model_id} path=${within.join("/")} href=${at} turn=${info.status} />`
      : tab === "try it"
        ? description.data ? html`<${TryIt} uri=${uri} signature=${signature} example=${description.data.texts?.["serving_input_example.json"]} />` : html`<${Skeleton} rows=${6} />`
        : html`<div class="halves">
          <div class="column">
            <section class="card"><header><h2>About</h2></header><div class="inside"><dl class="facts">
              <dt>Model</dt><dd class="row"><code class="cut">${model_id}</code><${Copy} text=${model_id} /></dd>
              <dt>Made</dt><dd>${when(Number(info.creation_timestamp_ms))}</dd>
              ${info.source_run_id && html`<dt>Run</dt><dd><a href=${link(["experiments", experiment, "runs", info.source_run_id])}>${info.source_run_id}</a></dd>`}
              <dt>Tags</dt><dd><${Tags} tags=${info.tags} tagged=${loggedTags(model_id, info.name)} again=${again} /></dd>
            </dl></div></section>
            <${Measures} metrics=${data.data?.metrics ?? []} params=${data.data?.params ?? []} />
            ${info.source_run_id && html`<${Checkpoints} run=${info.source_run_id} experiment=${experiment} model=${model_id} name=${info.name} />`}
            ${description.data && html`<${SignatureCard} signature=${signature} />`}
          </div>
          <div class="column"><${Stored} of=${of} uri=${uri} description=${description} /></div>
        </div>`}
  `;
}
