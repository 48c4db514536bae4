/** Two versions of a model (or of two), side by side: what they take and give, what was measured, what they were made with and need. */

import { get, useAnswer } from "../ground/api.js";
import { html } from "../ground/html.js";
import { change, link } from "../ground/route.js";
import { Heading } from "../parts/heading.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { Crumbs } from "../parts/tabs.js";
import { measures, oneVersion, versionsOf } from "../registry/asking.js";
import { Sides } from "../registry/sides.js";

/** What MLflow's addresses have as JSON. @param {string | null} text @returns {any} */
function told(text) {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return text;
  }
}

/**
 * Which versions an address means: ours name them, and the second's model where it is another; MLflow's have a mapping of runs to versions.
 * @param {URLSearchParams} query
 */
export function meant(query) {
  const name = String(told(query.get("name")) ?? "");
  const names = [name, query.has("other") ? String(told(query.get("other"))) : name];
  const runs = told(query.get("runs"));
  const versions = query.get("versions")?.split(",") ?? (runs && typeof runs === "object" ? Object.values(runs).map(String) : []);
  return { names, versions: versions.filter((one) => /^\d+$/.test(one)).slice(0, 2) };
}

/** @param {string} called what stands before the number @param {string} name @param {string} version @param {AbortSignal} signal @returns {Promise<import("../registry/sides.js").Side>} */
async function side(called, name, version, signal) {
  const one = await oneVersion(name, version, signal);
  const [description, measured] = await Promise.all([
    get("/runstone/models/description", { name, version }, signal).catch((error) => ({ problem: error.message })),
    measures(one.model_id ? [one.model_id] : [], signal),
  ]);
  const about = [["aliases", (one.aliases ?? []).map((alias) => `@${alias}`).join(" ")], ["stage", one.current_stage ?? ""], ["description", one.description ?? ""], ["made by", one.user_id ?? ""], ["source", one.source ?? ""], ...(one.tags ?? []).map(({ key, value }) => [`tag ${key}`, value])];
  return { title: `${called} ${version}`, href: link(["models", name, "versions", version]), about, description, measured: measured.get(one.model_id ?? "") };
}

/** @param {{query: URLSearchParams}} props */
export default function CompareVersions({ query }) {
  const { names, versions } = meant(query);
  const only = query.get("only") !== "no";
  const { data, error, again } = useAnswer(versions.length === 2 ? ["compare", ...names, ...versions] : null, (signal) => Promise.all(versions.map((version, at) => side(names[0] === names[1] ? "version" : names[at], names[at], version, signal))));
  const others = useAnswer(names[0] ? ["versions", ...names] : null, (signal) => Promise.all([...new Set(names)].map((name) => versionsOf(name, 1_000, signal))));
  const trail = [{ name: "Models", href: link(["models"]) }, ...[...new Set(names)].map((name) => ({ name, href: link(["models", name]) })), { name: "compare" }];
  if (versions.length !== 2) return html`<${Trouble} error=${new Error("The address names no two versions. Choose them in the list of a model's versions.")} />`;
  if (error && !data) return html`<${Crumbs} trail=${trail} /><${Trouble} error=${error} again=${again} />`;
  /** @param {number} at @param {string} version */
  const choose = (at, version) => change({ versions: versions.map((one, other) => (other === at ? version : one)).join(","), runs: null });
  /** @param {number} at */
  const numbers = (at) => [...new Set([versions[at], ...(others.data?.[at % others.data.length].versions ?? []).map(({ version }) => version)])].sort((one, other) => Number(other) - Number(one));
  return html`
    <${Crumbs} trail=${trail} />
    <div class="head"><${Heading} text=${[...new Set(names)].join(" and ")} within="versions compared" />
      ${versions.map((version, at) => html`<label>${names[0] === names[1] ? (at === 0 ? "version" : "and") : `${at === 0 ? "" : "and "}${names[at]}`} <select aria-label=${at === 0 ? "First version" : "Second version"} value=${version} onChange=${(/** @type {any} */ event) => choose(at, event.target.value)}>${numbers(at).map((one) => html`<option value=${one}>${one}</option>`)}</select></label>`)}
      <span class="grow" /><label><input type="checkbox" checked=${only} onChange=${() => change({ only: only ? "no" : null })} /> Only differences</label></div>
    ${!data ? html`<${Skeleton} rows=${12} />` : html`<${Sides} sides=${data} only=${only} />`}
  `;
}
