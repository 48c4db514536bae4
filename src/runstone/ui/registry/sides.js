/** Two models side by side: what they take and give, what was measured, what they were made with and need. */

import { html, useState } from "../ground/html.js";
import { machineLast } from "../ground/system.js";
import { latest, shown } from "./asking.js";
import { compared, signatureOf } from "./schema.js";

/** @param {string | undefined} text a file of requirements @returns {[string, string][]} */
const requirements = (text = "") => text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line && !line.startsWith("#")).map((line) => {
  const found = line.match(/^([\w.[\],-]+)\s*(.*)$/);
  return found ? [found[1], found[2] || "any"] : [line, ""];
});

/**
 * @typedef {{title: string, href: string, about: string[][], description: any, measured?: import("./asking.js").Measured}} Side
 *   title, href: what it is called, and where it is; about: names and texts of what is said of it; description: of its files, as the server tells it
 */

/** @param {{sides: Side[], only: boolean}} props */
export function Sides({ sides, only }) {
  const [one, other] = sides.map(({ description }) => signatureOf(description.model?.signature));
  /** @param {"inputs" | "outputs" | "params"} which */
  const signature = (which) => compared(one?.[which] ?? [], other?.[which] ?? []).map(({ name: column, before, after }) => /** @type {Line} */ ([column, schema(before), schema(after)]));
  const [before, after] = sides.map(({ measured }) => latest(measured?.metrics ?? []));
  const metrics = [...new Set([...before.keys(), ...after.keys()])].sort().sort(machineLast).map((key) => /** @type {Line} */ ([key, before.has(key) ? shown(before.get(key)?.value) : "", after.has(key) ? shown(after.get(key)?.value) : "", delta(before.get(key)?.value, after.get(key)?.value)]));
  return html`
    <${Table} title="About" sides=${sides} only=${only} lines=${pairs(sides.map(({ about, description }) => [...about, ["flavors", Object.keys(description.model?.flavors ?? {}).join(", ")]]))} />
    <${Table} title="Takes" sides=${sides} only=${only} lines=${signature("inputs")} same="Both take the same." />
    <${Table} title="Gives" sides=${sides} only=${only} lines=${signature("outputs")} same="Both give the same." />
    ${signature("params").length > 0 && html`<${Table} title="Params of predicting" sides=${sides} only=${only} lines=${signature("params")} />`}
    <${Table} title="Metrics" sides=${sides} only=${only} lines=${metrics} number />
    <${Table} title="Params" sides=${sides} only=${only} lines=${pairs(sides.map(({ measured }) => (measured?.params ?? []).map(({ key, value }) => [key, value])))} />
    <${Table} title="Requirements" sides=${sides} only=${only} lines=${pairs(sides.map(({ description }) => [...requirements(description.texts?.["requirements.txt"]), ["Python", description.model?.flavors?.python_function?.python_version ?? ""]]))} same="Both need the same." />
  `;
}

/** @param {import("./schema.js").Column} [column] */
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
  return html`<section class="card"><header><h2 class="grow">${title}</h2>${only && (hidden > 0 || all) && html`<button type="button" class="plain small" onClick=${() => setAll(!all)}>${all ? "only differences" : `${hidden} alike`}</button>`}</header>
    ${shownLines.length === 0
      ? html`<p class="inside quiet">${lines.length === 0 ? "Nothing is known." : same}</p>`
      : html`<div class="scroll"><table class="plain compared"><thead><tr><th>Name</th>${sides.map(({ title: called, href }) => html`<th class=${number ? "number" : ""}><a href=${href}>${called}</a></th>`)}${number && html`<th class="number">Difference</th>`}</tr></thead>
        <tbody>${shownLines.map(([key, before, after, apart]) => html`<tr key=${key} class=${before === after ? "" : "differs"}><td class="key">${key}</td>${[before, after].map((text) => html`<td class=${cell}>${text || html`<span class="quiet">–</span>`}</td>`)}${number && html`<td class="number quiet">${apart}</td>`}</tr>`)}</tbody></table></div>`}
  </section>`;
}
