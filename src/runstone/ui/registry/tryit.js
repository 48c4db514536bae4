/**
 * A form made of a model's signature. The page's server does not run models: loading one runs code. So the form makes the request, and the lines
 * that send it to a model that is served.
 */

import { html, useState } from "../ground/html.js";
import { kept } from "../ground/kept.js";
import { python, shell } from "../ground/quoted.js";
import { here } from "../parts/begin.js";
import { Code } from "../parts/code.js";
import { bodyOf, firstRows, lines } from "./request.js";

const MOST_ROWS = 20;
const served = kept("served", "http://127.0.0.1:5000");

/** @param {{uri: string, signature: import("./schema.js").Signature | null, example?: string}} props uri: models:/NAME/1 */
export function TryIt({ uri, signature, example }) {
  const serve = `runstone models serve --store ${shell(here())} -m ${shell(uri)}`;
  if (!signature || signature.inputs.length === 0) {
    return html`<section class="card"><header><h2>Try it</h2></header><div class="inside column">
      <p class="quiet">Without a signature nobody knows what it takes. ${example ? "This is its own example:" : ""}</p>
      ${example && html`<${Code} text=${example} />`}<${Code} text=${serve} />
    </div></section>`;
  }
  return html`<${Form} key=${uri} serve=${serve} uri=${uri} signature=${signature} example=${example} />`;
}

/** @param {{uri: string, serve: string, signature: import("./schema.js").Signature, example?: string}} props */
function Form({ uri, serve, signature, example }) {
  const [rows, setRows] = useState(() => firstRows(signature, example));
  const [params, setParams] = useState(() => /** @type {Record<string, string>} */ (Object.fromEntries(signature.params.map((one) => [one.name, one.default === null || one.default === undefined ? "" : typeof one.default === "string" ? one.default : JSON.stringify(one.default)]))));
  const [how, setHow] = useState(/** @type {"curl" | "python" | "json" | "file"} */ ("curl"));
  const blank = rows.every((row) => row.every((text) => text.trim() === ""));
  let made = "";
  let error = "";
  try {
    const body = bodyOf(signature, rows, params);
    const text = JSON.stringify(body, null, 2);
    made = how === "json" ? text : how === "file" ? predicting(uri, body) : lines(body, served.value)[how];
  } catch (problem) {
    error = /** @type {Error} */ (problem).message;
  }
  /** @param {number} row @param {number} place @param {string} text */
  const put = (row, place, text) => setRows(rows.map((one, at) => (at === row ? one.map((old, other) => (other === place ? text : old)) : one)));
  return html`<section class="card"><header><h2 class="grow">Try it</h2>${!signature.tensors && html`<button type="button" disabled=${rows.length >= MOST_ROWS} onClick=${() => setRows([...rows, rows[rows.length - 1].slice()])}>Add a row</button>`}</header>
    <div class="inside column">
      <div class="scroll"><table class="plain tryit"><thead><tr>${signature.inputs.map((one, place) => html`<th key=${place}>${one.name || `input ${place}`}<br /><span class="mono">${one.type}${one.required ? "" : "?"}</span></th>`)}${rows.length > 1 && html`<th><span class="hidden">Take away</span></th>`}</tr></thead>
        <tbody>${rows.map((row, at) => html`<tr key=${at}>
          ${signature.inputs.map((one, place) => html`<td key=${place}><input type="text" class="mono" autocomplete="off" placeholder=${likeness(one.type)} aria-label=${`${one.name || `input ${place}`}, row ${at + 1}`} value=${row[place]} onInput=${(/** @type {any} */ event) => put(at, place, event.target.value)} /></td>`)}
          ${rows.length > 1 && html`<td class="narrow"><button type="button" class="plain" aria-label=${`Take row ${at + 1} away`} onClick=${() => setRows(rows.filter((_, other) => other !== at))}>×</button></td>`}
        </tr>`)}</tbody></table></div>
      ${signature.params.length > 0 && html`<div class="row wrap">${signature.params.map((one) => html`<label class="field" key=${one.name}>${one.name} (${one.type})<input type="text" class="mono" autocomplete="off" value=${params[one.name]} onInput=${(/** @type {any} */ event) => setParams({ ...params, [one.name]: event.target.value })} /></label>`)}</div>`}
      <div class="row wrap"><span class="buttons" role="group" aria-label="As">
        ${/** @type {const} */ ([["curl", "curl"], ["python", "Python over HTTP"], ["file", "Python here"], ["json", "JSON"]]).map(([one, name]) => html`<button type="button" key=${one} aria-pressed=${how === one} onClick=${() => setHow(one)}>${name}</button>`)}</span>
        ${(how === "curl" || how === "python") && html`<label class="row grow">served at <input type="text" class="mono grow" value=${served.value} onInput=${(/** @type {any} */ event) => (served.value = event.target.value)} /></label>`}</div>
      ${error ? html`<p class=${blank ? "note" : "note bad"} role="status">${blank ? "Fill in the fields: the request is made of them." : error}</p>` : html`<${Code} text=${made} label="Request" />`}
      ${(how === "curl" || how === "python") && html`<p class="quiet small">This page does not run models: loading one runs code. Serve it, then send the request:</p><${Code} text=${serve} label="Serve" />`}
    </div></section>`;
}

/** @param {string} uri @param {Record<string, any>} body */
function predicting(uri, body) {
  const load = `import runstone\n\nrunstone.set_tracking_uri(${python(here())})\nmodel = runstone.pyfunc.load_model(${python(uri)})\n`;
  const data = body.dataframe_split ? `pandas.DataFrame(${literal(body.dataframe_split.data)}, columns=${literal(body.dataframe_split.columns)})` : literal(body.inputs);
  const said = body.params ? `, params=${literal(body.params)}` : "";
  return `${body.dataframe_split ? "import pandas\n" : ""}${load}model.predict(${data}${said})`;
}

/**
 * A value as Python writes it.
 * @param {unknown} value
 * @returns {string}
 */
function literal(value) {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value).map(([key, one]) => `${python(key)}: ${literal(one)}`).join(", ")}}`;
  return typeof value === "string" ? python(value) : JSON.stringify(value);
}

/**
 * What a field's text may look like, where that is not plain: a tensor of one row, a list, a time.
 * @param {string} type
 */
function likeness(type) {
  const shape = type.match(/\(([-\d, ]+)\)$/)?.[1].split(",").map(Number);
  if (shape && shape.length < 4) return shape.reduceRight((/** @type {string} */ inner, size) => `[${inner}${Math.abs(size) > 1 ? ", …" : ""}]`, "0");
  if (type.startsWith("array")) return "[…]";
  if (type.startsWith("map") || type.startsWith("{")) return "{…}";
  return type === "datetime" ? "2026-11-29T12:00:00" : "";
}
