/** Two versions of a model (or of two), side by side: what they take and give, what was measured, what they were made with and need. */

import { get, useAnswer } from "../ground/api.js";
import { html, useState } from "../ground/html.js";
import { change, link } from "../ground/route.js";
import { machineLast } from "../ground/system.js";
import { Heading } from "../parts/heading.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { Crumbs } from "../parts/tabs.js";
import { latest, measures, oneVersion, shown, versionsOf } from "../registry/asking.js";
import { compared, signatureOf } from "../registry/schema.js";

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

/** @param {string} name @param {string} version @param {AbortSignal} signal */
async function side(name, version, signal) {
  const one = await oneVersion(name, version, signal);
  const [description, measured] = await Promise.all([
    get("/runstone/models/description", { name, version }, signal).catch((error) => ({ problem: error.message })),
    measures(one.model_id ? [one.model_id] : [], signal),
  ]);
  return { one, description, signature: signatureOf(description.model?.signature), measured: measured.get(one.model_id ?? "") };
}

/** @param {string | undefined} text a file of requirements @returns {[string, string][]} */
const requirements = (text = "") => text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line && !line.startsWith("#")).map((line) => {
  const found = line.match(/^([\w.[\],-]+)\s*(.*)$/);
  return found ? [found[1], found[2] || "any"] : [line, ""];
});

/** @param {{query: URLSearchParams}} props */
export default function CompareVersions({ query }) {
  const { names, versions } = meant(query);
  const only = query.get("only") !== "no";
  const { data, error, again } = useAnswer(versions.length === 2 ? ["compare", ...names, ...versions] : null, (signal) => Promise.all(versions.map((version, at) => side(names[at], version, signal))));
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
      <span class="grow" /><label><input type="checkbox" checked=${only} onChange=${() => change({ only: only ? "no" : null })} /> only differences</label></div>
    ${!data ? html`<${Skeleton} rows=${12} />` : html`<${Sides} sides=${data} only=${only} />`}
  `;
}

/** @typedef {Awaited<ReturnType<typeof side>>} Side */

/** @param {{sides: Side[], only: boolean}} props */
function Sides({ sides, only }) {
  const [one, other] = sides;
  /** @param {"inputs" | "outputs" | "params"} which */
  const signature = (which) => compared(one.signature?.[which] ?? [], other.signature?.[which] ?? []).map(({ name: column, before, after }) => /** @type {Line} */ ([column, schema(before), schema(after)]));
  const [before, after] = sides.map(({ measured }) => latest(measured?.metrics ?? []));
  const metrics = [...new Set([...before.keys(), ...after.keys()])].sort().sort(machineLast).map((key) => /** @type {Line} */ ([key, before.has(key) ? shown(before.get(key)?.value) : "", after.has(key) ? shown(after.get(key)?.value) : "", delta(before.get(key)?.value, after.get(key)?.value)]));
  return html`
    <${Table} title="About" sides=${sides} only=${only} lines=${pairs(sides.map(({ one: version, description }) => [["aliases", (version.aliases ?? []).map((alias) => `@${alias}`).join(" ")], ["stage", version.current_stage ?? ""], ["description", version.description ?? ""], ["made by", version.user_id ?? ""], ["source", version.source ?? ""], ["flavors", Object.keys(description.model?.flavors ?? {}).join(", ")], ...(version.tags ?? []).map(({ key, value }) => [`tag ${key}`, value])]))} />
    <${Table} title="Takes" sides=${sides} only=${only} lines=${signature("inputs")} same="Both take the same." />
    <${Table} title="Gives" sides=${sides} only=${only} lines=${signature("outputs")} same="Both give the same." />
    ${signature("params").length > 0 && html`<${Table} title="Params of predicting" sides=${sides} only=${only} lines=${signature("params")} />`}
    <${Table} title="Metrics" sides=${sides} only=${only} lines=${metrics} number />
    <${Table} title="Params" sides=${sides} only=${only} lines=${pairs(sides.map(({ measured }) => (measured?.params ?? []).map(({ key, value }) => [key, value])))} />
    <${Table} title="Requirements" sides=${sides} only=${only} lines=${pairs(sides.map(({ description }) => [...requirements(description.texts?.["requirements.txt"]), ["Python", description.model?.flavors?.python_function?.python_version ?? ""]]))} same="Both need the same." />
  `;
}

/** @param {import("../registry/schema.js").Column} [column] */
const schema = (column) => (column ? `${column.type}${column.required ? "" : ", optional"}${column.has ? ` = ${JSON.stringify(column.default)}` : ""}` : "");

/** @param {any} before @param {any} after */
const delta = (before, after) => (typeof before === "number" && typeof after === "number" && before !== after ? `${after > before ? "+" : ""}${shown(after - before)}` : "");

/** @typedef {[string, string, string] | [string, string, string, string]} Line a name, what either side says, and how far they are apart */

/** @param {string[][][]} sides @returns {Line[]} */
function pairs(sides) {
  const [before, after] = sides.map((lines) => new Map(/** @type {[string, string][]} */ (lines)));
  return [...new Set([...before.keys(), ...after.keys()])].map((key) => [key, before.get(key) ?? "", after.get(key) ?? ""]);
}

/** @param {{title: string, sides: Side[], lines: Line[], only: boolean, number?: boolean, same?: string}} props */
function Table({ title, sides, lines, only, number, same = "No difference." }) {
  const [all, setAll] = useState(false);
  const shownLines = only && !all ? lines.filter(([, before, after]) => before !== after) : lines;
  const hidden = lines.length - shownLines.length;
  const cell = number ? "number" : "mono";
  const two = new Set(sides.map(({ one }) => one.name)).size > 1;
  return html`<section class="card"><header><h2 class="grow">${title}</h2>${only && (hidden > 0 || all) && html`<button type="button" class="plain small" onClick=${() => setAll(!all)}>${all ? "only differences" : `${hidden} alike`}</button>`}</header>
    ${shownLines.length === 0
      ? html`<p class="inside quiet">${lines.length === 0 ? "Nothing is known." : same}</p>`
      : html`<div class="scroll"><table class="plain compared"><thead><tr><th>Name</th>${sides.map(({ one }) => html`<th class=${number ? "number" : ""}><a href=${link(["models", one.name, "versions", one.version])}>${two ? one.name : "version"} ${one.version}</a></th>`)}${number && html`<th class="number">Difference</th>`}</tr></thead>
        <tbody>${shownLines.map(([key, before, after, apart]) => html`<tr key=${key} class=${before === after ? "" : "differs"}><td class="key">${key}</td>${[before, after].map((text) => html`<td class=${cell}>${text || html`<span class="quiet">–</span>`}</td>`)}${number && html`<td class="number quiet">${apart}</td>`}</tr>`)}</tbody></table></div>`}
  </section>`;
}
