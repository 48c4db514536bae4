/** By what runs are put together: params and tags, four at most. */

import { html } from "../ground/html.js";
import { Menu } from "../parts/menu.js";
import { written } from "./columns.js";

const MOST = 4;
const LISTED = 60;

/** @param {string} key */
const ours = (key) => key.startsWith("runstone.");

/** @param {{keys: import("./columns.js").Keys, by: import("./columns.js").Column[], set: (by: import("./columns.js").Column[]) => void}} props */
export function Grouping({ keys, by, set }) {
  const chosen = by.map(written);
  /** @param {"param" | "tag"} kind @param {import("./columns.js").Key[]} list */
  const some = (kind, list) => list.filter(({ key, runs }) => runs > 0 && !key.startsWith("mlflow.")).slice(0, LISTED).map(({ key }) => ({ kind, key, show: "last" }));
  // What runstone noted by itself is rarely what runs are put together by.
  const all = /** @type {import("./columns.js").Column[]} */ ([...some("param", keys.params), ...some("tag", keys.tags).sort((one, other) => Number(ours(one.key)) - Number(ours(other.key)))]);
  for (const one of by) if (!all.some((other) => written(other) === written(one))) all.unshift(one);
  /** @param {import("./columns.js").Column} column */
  const toggle = (column) => set(chosen.includes(written(column)) ? by.filter((one) => written(one) !== written(column)) : [...by, column].slice(-MOST));
  return html`<${Menu} label=${by.length > 0 ? `Grouped by ${by.map(({ key }) => key).join(", ")}` : "Group"} stays right>
    <div class="choices" role="group" aria-label="Group by">
      ${all.length === 0 && html`<p class="small quiet">No run has a param or a tag.</p>`}
      ${all.map((column) => html`<label key=${written(column)} class="cut" title=${column.key}><input type="checkbox" checked=${chosen.includes(written(column))} onChange=${() => toggle(column)} /> <span class="cut">${column.key}</span>${column.kind === "tag" && html`<span class="tag">tag</span>`}</label>`)}
      ${by.length > 0 && html`<button type="button" class="plain" onClick=${() => set([])}>No groups</button>`}
    </div>
  <//>`;
}
