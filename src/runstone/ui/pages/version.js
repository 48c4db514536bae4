/** One version of a registered model: what it takes and gives, what it needs, where it came from, who calls it what. */

import { useAnswer } from "../ground/api.js";
import { when } from "../ground/format.js";
import { html } from "../ground/html.js";
import { link } from "../ground/route.js";
import { Heading } from "../parts/heading.js";
import { Copy } from "../parts/code.js";
import { Menu } from "../parts/menu.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { Crumbs, Tabs } from "../parts/tabs.js";
import { AliasChip, AliasDialog, moveAlias } from "../registry/aliases.js";
import { guarding, measures, oneVersion, protections, registered } from "../registry/asking.js";
import { describe, describeVersion, register, removeVersion, toStage, versionTags } from "../registry/changing.js";
import { Description } from "../registry/description.js";
import { Files } from "../registry/files.js";
import { History } from "../registry/history.js";
import { Lineage } from "../registry/lineage.js";
import { Measures } from "../registry/measures.js";
import { signatureOf, SignatureCard } from "../registry/schema.js";
import { Stored, useDescription } from "../registry/stored.js";
import { Tags } from "../registry/tags.js";
import { TryIt } from "../registry/tryit.js";
import { From } from "../registry/versions.js";

const STAGES = ["Staging", "Production", "Archived", "None"];
const TABS = ["overview", "files", "try it", "lineage", "changes"];

/** @param {{parts: {name: string, version: string}, query: URLSearchParams}} props */
export default function Version({ parts, query }) {
  const { name, version } = parts;
  const tab = TABS.find((one) => one === query.get("tab")) ?? "overview";
  const { data, error, again } = useAnswer(["version", name, version], async (signal) => {
    const [one, model, guards] = await Promise.all([oneVersion(name, version, signal), registered(name, signal), protections(name, signal)]);
    return { one, model, guards, measured: (await measures(one.model_id ? [one.model_id] : [], signal)).get(one.model_id ?? "") };
  });
  const of = { name, version };
  const description = useDescription(of);
  const trail = [{ name: "Models", href: link(["models"]) }, { name, href: link(["models", name]) }, { name: `version ${version}` }];
  if (error && !data) return html`<${Crumbs} trail=${trail} /><${Trouble} error=${error} again=${again} />`;
  if (!data) return html`<${Crumbs} trail=${trail} /><${Skeleton} rows=${12} />`;
  const { one, model, guards, measured } = data;
  const own = one.aliases ?? [];
  const move = { name, aliases: model.aliases ?? [], versions: [version], protections: guards, again };
  const uri = `models:/${name}/${version}`;
  const edit = () => describe(`version ${version}`, one.description ?? "", (text) => describeVersion(name, version, text), again);
  const newest = (model.latest_versions ?? []).reduce((most, other) => Math.max(most, Number(other.version)), 0);
  return html`
    <${Crumbs} trail=${trail} />
    <div class="head"><${Heading} text=${name} more=${`version ${version}`} />
      ${one.status !== "READY" && html`<span class=${`status ${one.status}`}>${one.status?.toLowerCase()}</span>`}
      ${own.map((alias) => html`<span class="row"><${AliasChip} name=${name} alias=${alias} version=${version} guarded=${guarding(guards, alias).length > 0} /></span>`)}
      ${one.current_stage && one.current_stage !== "None" && html`<span class="tag">${one.current_stage}</span>`}
      ${newest > Number(version) && html`<a class="small" href=${link(["models", name, "versions", newest])}>newest: ${newest}</a>`}
      <span class="grow" />
      <button type="button" onClick=${() => moveAlias({ ...move, alias: "", version })}>Set alias…</button>
      <${Menu} label="⋯" title="More" right>
        <button type="button" onClick=${edit}>Describe…</button>
        <button type="button" onClick=${() => register({ source: uri, title: `Copy version ${version} of ${name}`, suggested: "" })}>Copy to another model…</button>
        ${own.map((alias) => html`<button type="button" onClick=${() => moveAlias({ ...move, alias, version: null })}>Take @${alias} away…</button>`)}
        <hr />${STAGES.filter((stage) => stage !== (one.current_stage ?? "None")).map((stage) => html`<button type="button" onClick=${() => toStage(name, version, stage, again)}>Stage: ${stage}…</button>`)}
        <hr /><button type="button" class="bad" onClick=${() => removeVersion(name, version, own)}>Delete…</button>
      <//></div>
    <${Tabs} label="Parts of the version" chosen=${tab} tabs=${TABS.map((each) => ({ name: each, href: link(["models", name, "versions", version], { tab: each === "overview" ? "" : each }) }))} />
    ${tab === "lineage"
      ? html`<${Lineage} of=${`registered/${name}/${version}`} />`
      : tab === "changes"
        ? html`<${History} name=${name} version=${version} turn=${[one.last_updated_timestamp, own]} />`
        : tab === "files"
          ? description.data ? html`<${Files} description=${description.data} path=${query.get("path")} href=${(/** @type {string} */ path) => link(["models", name, "versions", version], { tab, path })} />` : html`<${Skeleton} rows=${6} />`
        : tab === "try it"
          ? description.data ? html`<${TryIt} uri=${uri} signature=${signatureOf(description.data.model?.signature)} example=${description.data.texts?.["serving_input_example.json"]} />` : html`<${Skeleton} rows=${6} />`
          : html`<div class="halves">
            <div class="column">
              <section class="card"><header><h2 class="grow">About</h2><button type="button" class="plain small" onClick=${edit}>Edit</button></header><div class="inside column">
                <${Description} text=${one.description} />
                <dl class="facts">
                  <dt>Address</dt><dd class="row"><code class="cut">${uri}</code><${Copy} text=${uri} /></dd>
                  <dt>Made</dt><dd>${when(Number(one.creation_timestamp))}${one.user_id ? ` by ${one.user_id}` : ""}</dd>
                  <dt>From</dt><dd><${From} one=${one} experiment=${measured?.experiment_id} /></dd>
                  <dt>Tags</dt><dd><${Tags} tags=${one.tags} tagged=${versionTags(name, version)} again=${again} /></dd>
                </dl></div></section>
              ${measured && html`<${Measures} metrics=${measured.metrics} params=${measured.params} />`}
              ${description.data ? html`<${SignatureCard} signature=${signatureOf(description.data.model?.signature)} />` : html`<div class="card inside-card"><${Skeleton} rows=${5} /></div>`}
            </div>
            <div class="column"><${Stored} of=${of} uri=${uri} description=${description} /></div>
          </div>`}
    <${AliasDialog} />
  `;
}
