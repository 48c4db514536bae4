/** One registered model: its versions, what its aliases mean, what was changed. */

import { useAnswer } from "../ground/api.js";
import { ago, when } from "../ground/format.js";
import { html, useState } from "../ground/html.js";
import { python } from "../ground/quoted.js";
import { link } from "../ground/route.js";
import { here } from "../parts/begin.js";
import { Heading } from "../parts/heading.js";
import { Menu } from "../parts/menu.js";
import { Empty, Skeleton, Trouble } from "../parts/states.js";
import { Crumbs } from "../parts/tabs.js";
import { AliasChip, AliasDialog, moveAlias } from "../registry/aliases.js";
import { guarding, measures, protections, registered, VERSIONS, versionsOf } from "../registry/asking.js";
import { describe, describeModel, modelTags, removeModel, rename } from "../registry/changing.js";
import { Description } from "../registry/description.js";
import { History } from "../registry/history.js";
import { Tags } from "../registry/tags.js";
import { Versions } from "../registry/versions.js";

/** @param {string} name */
const begin = (name) => `import runstone

runstone.set_tracking_uri(${python(here())})
with runstone.start_run():
    runstone.log_model(model, name="model", registered_model_name=${python(name)})`;

/** @param {{parts: {name: string}, query: URLSearchParams}} props */
export default function Model({ parts, query }) {
  const { name } = parts;
  const [limit, setLimit] = useState(VERSIONS);
  const { data, error, again } = useAnswer(["model", name, limit], async (signal) => {
    const [model, list, guards] = await Promise.all([registered(name, signal), versionsOf(name, limit, signal), protections(name, signal)]);
    const measured = await measures(list.versions.flatMap(({ model_id }) => model_id || []).slice(0, 1_000), signal);
    return { model, ...list, guards, measured };
  });
  const trail = [{ name: "Models", href: link(["models"]) }, { name }];
  if (error && !data) return html`<${Crumbs} trail=${trail} /><${Trouble} error=${error} again=${again} />`;
  if (!data) return html`<${Crumbs} trail=${trail} /><${Skeleton} rows=${12} />`;
  const { model, versions, guards } = data;
  const aliases = model.aliases ?? [];
  const move = { name, aliases, versions: versions.map(({ version }) => version), protections: guards, again };
  return html`
    <${Crumbs} trail=${trail} />
    <div class="head"><${Heading} text=${name} within="model" />
      <span class="quiet">made <time title=${when(Number(model.creation_timestamp))}>${ago(Number(model.creation_timestamp))}</time>, changed <time title=${when(Number(model.last_updated_timestamp))}>${ago(Number(model.last_updated_timestamp))}</time></span>
      <span class="grow" />
      <${Menu} label="⋯" title="More" right>
        <button type="button" onClick=${() => rename(name)}>Rename…</button>
        <button type="button" onClick=${() => describe(name, model.description ?? "", (text) => describeModel(name, text), again)}>Describe…</button>
        <hr /><button type="button" class="bad" onClick=${() => removeModel(name, versions.length)}>Delete…</button>
      <//></div>
    <div class="halves">
      <section class="card"><header><h2 class="grow">About</h2><button type="button" class="plain small" onClick=${() => describe(name, model.description ?? "", (text) => describeModel(name, text), again)}>Edit</button></header>
        <div class="inside column"><${Description} text=${model.description} /><${Tags} tags=${model.tags} tagged=${modelTags(name)} again=${again} /></div></section>
      <section class="card"><header><h2 class="grow">Aliases</h2><button type="button" class="plain small" disabled=${versions.length === 0} onClick=${() => moveAlias({ ...move, alias: "", version: versions[0].version })}>+ alias</button></header>
        ${aliases.length === 0
          ? html`<p class="inside quiet">None. An alias is a name that means one version and can be moved: <code>models:/${name}@champion</code>.</p>`
          : html`<table class="plain aliases"><tbody>${aliases.map(({ alias, version }) => html`<tr key=${alias}>
            <td><${AliasChip} name=${name} alias=${alias} version=${version} guarded=${guarding(guards, alias).length > 0} /></td>
            <td><a href=${link(["models", name, "versions", version])}>version ${version}</a>${guarding(guards, alias).length > 0 && html` <span class="quiet small">protected</span>`}</td>
            <td class="narrow"><button type="button" class="plain small" aria-label=${`Move… ${alias}`} onClick=${() => moveAlias({ ...move, alias, version })}>Move…</button><button type="button" class="plain small" aria-label=${`Take away… ${alias}`} onClick=${() => moveAlias({ ...move, alias, version: null })}>Take away…</button></td>
          </tr>`)}</tbody></table>`}</section>
    </div>
    ${versions.length === 0
      ? html`<${Empty} title="No versions yet" code=${begin(name)}>Each model that is logged under this name is a version.<//>`
      : html`<${Versions} name=${name} data=${data} query=${query} older=${data.more && (() => setLimit(limit * 4))} />`}
    <${History} name=${name} turn=${[model.last_updated_timestamp, aliases, guards.length]} />
    <${AliasDialog} />
  `;
}
