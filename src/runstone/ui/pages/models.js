/** All registered models: what there is, what their aliases mean, what happened last. */

import { get, useAnswer } from "../ground/api.js";
import { ago, counted, when } from "../ground/format.js";
import { html, useState } from "../ground/html.js";
import { useKeys } from "../ground/keys.js";
import { change, link } from "../ground/route.js";
import { here } from "../parts/begin.js";
import { Heading } from "../parts/heading.js";
import { Empty, Skeleton, Trouble } from "../parts/states.js";
import { AliasChip } from "../registry/aliases.js";
import { asFilter } from "../registry/asking.js";
import { create } from "../registry/changing.js";
import { TagList } from "../registry/tags.js";
import { FilterBar } from "../runs/filter.js";

const BEGIN = `import runstone

runstone.set_tracking_uri(${JSON.stringify(here())})
with runstone.start_run():
    runstone.log_model(model, name="forest", registered_model_name="forest")`;
const PAGE = 100;
const NAMES = ["name", "tags.", "aliases", "description", "creation_timestamp", "last_updated_timestamp"];
const ORDERS = /** @type {Record<string, string>} */ ({ name: "name ASC", changed: "last_updated_timestamp DESC" });

/** @param {{query: URLSearchParams}} props */
export default function Models({ query }) {
  const filter = query.get("filter") ?? "";
  const sort = query.get("sort") === "name" ? "name" : "changed";
  const [limit, setLimit] = useState(PAGE);
  const { data, error, again } = useAnswer(["models", filter, sort, limit], async (signal) => {
    const found = await get("/mlflow/registered-models/search", { filter: asFilter(filter), order_by: [ORDERS[sort]], max_results: limit }, signal);
    return { models: /** @type {import("../registry/asking.js").Registered[]} */ (found.registered_models ?? []), more: Boolean(found.next_page_token) };
  });
  useKeys([
    { keys: "/", does: "Find a model", run: () => document.getElementById("filter")?.focus() },
    { keys: "n", does: "New model", run: () => create(again) },
  ]);
  const refused = filter && error ? error : undefined;
  /** @param {string} by @param {string} title */
  const head = (by, title) => html`<button type="button" class="grid-sort" onClick=${() => change({ sort: by === "changed" ? null : by })}>${title}${sort === by && html`<span aria-hidden="true">${by === "name" ? "↑" : "↓"}</span>`}</button>`;
  if (error && !refused && !data) return html`<${Trouble} error=${error} again=${again} />`;
  return html`
    <div class="head"><${Heading} text="Models" /><span class="quiet grow">${data && !filter ? `${counted(data.models.length, "registered model")}${data.more ? " and more" : ""}` : ""}</span>
      <a class="button" href=${link(["webhooks"])}>Webhooks</a><button type="button" class="main" onClick=${() => create(again)}>New model</button></div>
    <div class="row"><${FilterBar} value=${filter} names=${NAMES} label="Find models" placeholder="A part of a name, or tags.team = 'vision' AND aliases = 'champion'   ( / )" error=${refused} set=${(/** @type {string} */ text) => change({ filter: text || null })} /></div>
    ${refused
      ? ""
      : !data
        ? html`<div class="card inside-card"><${Skeleton} rows=${10} /></div>`
        : data.models.length === 0
          ? html`<${Empty} title=${filter ? "No model fits" : "No models are registered"} code=${filter ? undefined : BEGIN}>${filter ? "Change what is looked for." : "A registered model is a name; each time one is logged under it there is a version more."}<//>`
          : html`<div class="card scroll"><table class="plain models">
            <thead><tr><th aria-sort=${sort === "name" ? "ascending" : undefined}>${head("name", "Name")}</th><th class="number">Latest</th><th>Aliases</th>
              <th aria-sort=${sort === "changed" ? "descending" : undefined}>${head("changed", "Last change")}</th><th class="wide">Description</th></tr></thead>
            <tbody>${data.models.map((one) => html`<${Row} key=${one.name} one=${one} />`)}</tbody></table>
            ${data.more && html`<p class="inside-card"><button type="button" onClick=${() => setLimit(Math.min(1_000, limit * 3))}>Show more</button></p>`}</div>`}
  `;
}

/** @param {{one: import("../registry/asking.js").Registered}} props */
function Row({ one }) {
  const newest = (one.latest_versions ?? []).reduce((most, { version }) => Math.max(most, Number(version)), 0);
  return html`<tr>
    <td><a href=${link(["models", one.name])}>${one.name}</a><${TagList} tags=${one.tags} /></td>
    <td class="number">${newest ? html`<a href=${link(["models", one.name, "versions", newest])}>${newest}</a>` : html`<span class="quiet">–</span>`}</td>
    <td><span class="row wrap tags">${(one.aliases ?? []).map(({ alias, version }) => html`<span class="row"><${AliasChip} name=${one.name} alias=${alias} version=${version} /><span class="quiet small">${version}</span></span>`)}</span></td>
    <td class="quiet nowrap"><time title=${when(Number(one.last_updated_timestamp))}>${ago(Number(one.last_updated_timestamp))}</time></td>
    <td class="wide quiet"><span class="two-lines">${one.description ?? ""}</span></td>
  </tr>`;
}
