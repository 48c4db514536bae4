/** All registered models: what there is, what their aliases mean, what happened last. */

import { get } from "../ground/api.js";
import { ago, counted, when } from "../ground/format.js";
import { html, useRef } from "../ground/html.js";
import { useKeys } from "../ground/keys.js";
import { change, go, link } from "../ground/route.js";
import { unmarked } from "../ground/unmarked.js";
import { here } from "../parts/begin.js";
import { Heading } from "../parts/heading.js";
import { Extent, PAGE, turning, Turner, usePages } from "../parts/pages.js";
import { useRows } from "../parts/rows.js";
import { Empty, Skeleton, Trouble } from "../parts/states.js";
import { say } from "../parts/toasts.js";
import { AliasChip } from "../registry/aliases.js";
import { asFilter } from "../registry/asking.js";
import { create } from "../registry/changing.js";
import { TagList } from "../registry/tags.js";
import { FilterBar } from "../runs/filter.js";

const BEGIN = `import runstone

runstone.set_tracking_uri(${JSON.stringify(here())})
with runstone.start_run():
    runstone.log_model(model, name="forest", registered_model_name="forest")`;
const NAMES = ["name", "tags.", "aliases", "description", "creation_timestamp", "last_updated_timestamp"];
const ORDERS = /** @type {Record<string, string>} */ ({ name: "name ASC", changed: "last_updated_timestamp DESC" });

/** @param {{query: URLSearchParams}} props */
export default function Models({ query }) {
  const filter = query.get("filter") ?? "";
  const sort = query.get("sort") === "name" ? "name" : "changed";
  const pages = usePages(["models", filter, sort], async (token, signal) => {
    const found = await get("/mlflow/registered-models/search", { filter: asFilter(filter), order_by: [ORDERS[sort]], max_results: PAGE, page_token: token }, signal);
    return { rows: /** @type {import("../registry/asking.js").Registered[]} */ (found.registered_models ?? []), next: found.next_page_token };
  });
  const { rows, error, again } = pages;
  const names = (rows ?? []).map(({ name }) => name);
  // Of those that are chosen on other pages, too.
  const newest = useRef(/** @type {Map<string, number>} */ (new Map()));
  for (const one of rows ?? []) newest.current.set(one.name, newestOf(one));
  const list = useRows({
    one: "model", ids: names, most: 2, anew: [filter, sort].join("\n"), edge: turning(pages), open: (name) => go(["models", name]),
    compare: { does: "Compare the newest versions of two chosen models", run: (picked) => compare(picked.map((name) => [name, newest.current.get(name) ?? 0])) },
  });
  useKeys([
    { keys: "/", does: "Find a model", run: () => document.getElementById("filter")?.focus() },
    { keys: "n", does: "New model", run: () => create(again) },
  ]);
  const refused = filter && error ? error : undefined;
  /** @param {string} by @param {string} title */
  const head = (by, title) => html`<button type="button" class="grid-sort" onClick=${() => change({ sort: by === "changed" ? null : by })}>${title}${sort === by && html`<span aria-hidden="true">${by === "name" ? "↑" : "↓"}</span>`}</button>`;
  if (error && !refused && !rows) return html`<${Trouble} error=${error} again=${again} />`;
  return html`
    <div class="head"><${Heading} text="Models" /><span class="quiet grow cut"><${Extent} pages=${pages} one="registered model" /></span>
      <a class="button" href=${link(["webhooks"])}>Webhooks</a><button type="button" class="main" aria-label="New model" onClick=${() => create(again)}>New <span class="wide">model</span></button></div>
    <div class="row"><${FilterBar} value=${filter} names=${NAMES} label="Find models" placeholder="A part of a name, or tags.team = 'vision' AND aliases = 'champion'   ( / )" error=${refused} set=${(/** @type {string} */ text) => change({ filter: text || null })} /></div>
    ${list.picked.length > 0 && html`<div class="row wrap bulk" role="toolbar" aria-label="Chosen models">
      <span class="quiet">${counted(list.picked.length, "model")} chosen</span>
      <button type="button" class="main" disabled=${list.picked.length !== 2} title="Choose two models" onClick=${() => compare(list.picked.map((name) => [name, newest.current.get(name) ?? 0]))}>Compare newest versions</button>
      <button type="button" class="plain" onClick=${list.clear}>Clear</button></div>`}
    ${refused
      ? ""
      : !rows
        ? html`<div class="card inside-card"><${Skeleton} rows=${10} /></div>`
        : rows.length === 0
          ? html`<${Empty} title=${filter ? "No model fits" : "No models are registered"} code=${filter ? undefined : BEGIN}>${filter ? "Change what is looked for." : "A registered model is a name; each time one is logged under it there is a version more."}<//>`
          : html`<div class="card scroll"><table class="plain models registered">
            <thead><tr><th class="narrow"><span class="hidden">Choose</span></th><th aria-sort=${sort === "name" ? "ascending" : undefined}>${head("name", "Name")}</th><th class="number">Latest</th><th>Aliases</th>
              <th aria-sort=${sort === "changed" ? "descending" : undefined}>${head("changed", "Last change")}</th><th class="wide">Description</th></tr></thead>
            <tbody>${rows.map((one) => html`<${Row} key=${one.name} one=${one} list=${list} />`)}</tbody></table>
            <${Turner} pages=${pages} /></div>`}
  `;
}

/** The number of its newest version; 0 where it has none. @param {import("../registry/asking.js").Registered} one */
const newestOf = (one) => (one.latest_versions ?? []).reduce((most, { version }) => Math.max(most, Number(version)), 0);

/** @param {[string, number][]} two names with versions */
function compare(two) {
  const without = two.find(([, version]) => version === 0);
  if (two.length !== 2) say("Choose two models to compare (x).");
  else if (without) say(`${without[0]} has no version to compare.`, { bad: true });
  else go(["compare-model-versions"], { name: JSON.stringify(two[0][0]), other: JSON.stringify(two[1][0]), versions: two.map(([, version]) => version).join(",") });
}

/** @param {{one: import("../registry/asking.js").Registered, list: ReturnType<typeof useRows>}} props */
function Row({ one, list }) {
  const newest = newestOf(one);
  return html`<tr ...${list.row(one.name)}>
    <td class="narrow"><input type="checkbox" aria-label=${`Choose ${one.name}`} checked=${list.picked.includes(one.name)} onChange=${() => list.pick(one.name)} /></td>
    <td><a href=${link(["models", one.name])} title=${one.name}>${one.name}</a><${TagList} tags=${one.tags} /></td>
    <td class="number">${newest ? html`<a href=${link(["models", one.name, "versions", newest])}>${newest}</a>` : html`<span class="quiet">–</span>`}</td>
    <td><span class="row wrap tags">${(one.aliases ?? []).map(({ alias, version }) => html`<span class="row"><${AliasChip} name=${one.name} alias=${alias} version=${version} /><span class="quiet small">${version}</span></span>`)}</span></td>
    <td class="quiet nowrap"><time title=${when(Number(one.last_updated_timestamp))}>${ago(Number(one.last_updated_timestamp))}</time></td>
    <td class="wide quiet"><span class="two-lines">${unmarked(one.description ?? "")}</span></td>
  </tr>`;
}
