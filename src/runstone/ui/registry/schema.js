/** Signatures as their MLmodel has them: read, compared, shown as tables. */

import { html } from "../ground/html.js";

/**
 * @typedef {{name: string, type: string, required: boolean, default?: unknown, has?: boolean}} Column a column, a tensor or a param; name is "" for the
 *   only one; has: it has a default
 * @typedef {{inputs: Column[], outputs: Column[], params: Column[], tensors: boolean}} Signature
 */

/**
 * A signature out of MLmodel, where each part is a text of JSON. What cannot be read is left out: anybody may have written it.
 * @param {any} told
 * @returns {Signature | null}
 */
export function signatureOf(told) {
  if (!told || typeof told !== "object") return null;
  const inputs = part(told.inputs);
  const found = { inputs: inputs.map(column), outputs: part(told.outputs).map(column), params: part(told.params).map(column), tensors: inputs.some((one) => one?.type === "tensor") };
  return found.inputs.length + found.outputs.length + found.params.length > 0 ? found : null;
}

/** @param {unknown} text @returns {any[]} */
function part(text) {
  if (typeof text !== "string") return [];
  try {
    const read = JSON.parse(text);
    return Array.isArray(read) ? read.filter((one) => one && typeof one === "object") : [];
  } catch {
    return [];
  }
}

/** @param {any} one @returns {Column} */
function column(one) {
  const optional = one.required === false || one.optional === true;
  return { name: one.name === undefined || one.name === null ? "" : String(one.name), type: typeName(one), required: !optional, default: one.default, has: "default" in one };
}

/**
 * A type as people say it: "double", "float32 (-1, 4)", "array of string", "{name: string, size?: long}".
 * @param {any} one
 * @returns {string}
 */
function typeName(one, depth = 0) {
  if (!one || typeof one !== "object" || depth > 20) return "any";
  if (one.type === "tensor") return `${one["tensor-spec"]?.dtype ?? "any"} (${(one["tensor-spec"]?.shape ?? []).join(", ")})`;
  if (one.type === "array") return `array of ${typeName(one.items, depth + 1)}`;
  if (one.type === "map") return `map of ${typeName(one.values, depth + 1)}`;
  if (one.type === "object") {
    const inside = Object.entries(one.properties ?? {}).map(([name, inner]) => `${name}${/** @type {any} */ (inner)?.required === false ? "?" : ""}: ${typeName(inner, depth + 1)}`);
    return `{${inside.join(", ")}}`;
  }
  const shape = Array.isArray(one.shape) ? ` (${one.shape.join(", ")})` : "";
  return `${one.type ?? "any"}${shape}`;
}

/** @param {unknown} value */
const said = (value) => (value === null || value === undefined ? "null" : typeof value === "string" ? `'${value}'` : JSON.stringify(value));

/** @param {{title: string, columns: Column[], params?: boolean}} props */
function Part({ title, columns, params }) {
  return html`<div><h3 class="part">${title} <span class="quiet small">${columns.length}</span></h3>
    ${columns.length === 0
      ? html`<p class="quiet">Nothing is said.</p>`
      : html`<div class="scroll schema"><table class="plain"><thead><tr><th>Name</th><th>Type</th><th>${params ? "Default" : ""}</th></tr></thead>
        <tbody>${columns.map((one, at) => html`<tr key=${at}><td class="mono">${one.name || html`<span class="quiet">${at}</span>`}</td><td class="mono">${one.type}</td>
          <td class="quiet">${params ? (one.has ? html`<span class="mono">${said(one.default)}</span>` : "") : one.required ? "" : "optional"}</td></tr>`)}</tbody></table></div>`}
  </div>`;
}

/** @param {{signature: Signature | null}} props */
export function SignatureCard({ signature }) {
  return html`<section class="card"><header><h2>Signature</h2></header><div class="inside column">
    ${signature
      ? html`<${Part} title="Takes" columns=${signature.inputs} />
        ${signature.params.length > 0 && html`<${Part} title="Params" columns=${signature.params} params />`}
        <${Part} title="Gives" columns=${signature.outputs} />`
      : html`<p class="quiet">It has none: whatever it is given goes to the model unchecked. An <code>input_example</code> when it is logged makes one.</p>`}
  </div></section>`;
}

/**
 * Where two signatures differ.
 * @param {Column[]} before @param {Column[]} after
 * @returns {{name: string, before?: Column, after?: Column, same: boolean}[]}
 */
export function compared(before, after) {
  const rows = new Map();
  before.forEach((one, at) => rows.set(one.name || String(at), { name: one.name || String(at), before: one }));
  after.forEach((one, at) => rows.set(one.name || String(at), { name: one.name || String(at), ...rows.get(one.name || String(at)), after: one }));
  return [...rows.values()].map((row) => ({ ...row, same: JSON.stringify(row.before) === JSON.stringify(row.after) }));
}
