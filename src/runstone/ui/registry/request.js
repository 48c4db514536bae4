/** A request to a served model, made of what was filled in: the body, and the lines that send it. Knows nothing of how it looks. */

import { json, python, shell } from "../ground/quoted.js";

/** @typedef {import("./schema.js").Signature} Signature */
/** @typedef {import("./schema.js").Column} Column */

const WHOLE = /^(integer|long|int\d*|uint\d*)\b/;
const REAL = /^(float|double)/;

/**
 * What was typed into a field, as JSON has it by the column's type. Throws an Error that says what is wrong.
 * @param {string} text @param {Column} column
 * @returns {unknown} undefined: nothing was said
 */
export function valueOf(text, column) {
  const type = column.type;
  if (text.trim() === "" && type !== "string") {
    if (column.required && !column.has) throw new Error("is missing");
    return column.has ? undefined : null;
  }
  if (type === "string") return text;
  if (type === "datetime" || type === "binary") return text.trim();
  if (type === "boolean") {
    if (/^(true|false)$/i.test(text.trim())) return text.trim().toLowerCase() === "true";
    throw new Error("is true or false");
  }
  if (!type.includes("(") && (WHOLE.test(type) || REAL.test(type))) {
    const value = Number(text);
    if (Number.isNaN(value)) throw new Error("is no number");
    if (WHOLE.test(type) && !Number.isInteger(value)) throw new Error("is no whole number");
    return value;
  }
  try {
    return JSON.parse(text);
  } catch {
    if (type === "any") return text;
    throw new Error("is no JSON: lists in [ ], mappings in { }, texts in double quotes");
  }
}

/**
 * The body of a request. Throws an Error that names the field.
 * @param {Signature} signature
 * @param {string[][]} rows what was typed, in the order of the columns
 * @param {Record<string, string>} params
 */
export function bodyOf(signature, rows, params) {
  /** @param {Column} column @param {string} text @param {string} where */
  const read = (column, text, where) => {
    try {
      return valueOf(text, column);
    } catch (error) {
      throw new Error(`${where} ${/** @type {Error} */ (error).message}.`);
    }
  };
  /** @type {Record<string, unknown>} */
  const body = {};
  const { inputs } = signature;
  const data = rows.map((row, at) => inputs.map((column, place) => read(column, row[place] ?? "", `${column.name || `Input ${place}`}${rows.length > 1 ? ` of row ${at}` : ""}`)));
  if (signature.tensors) body.inputs = inputs.length === 1 && !inputs[0].name ? data[0][0] : Object.fromEntries(inputs.map((column, place) => [column.name, data[0][place]]));
  else if (inputs.length === 1 && !inputs[0].name) body.inputs = data.map(([one]) => one);
  else body.dataframe_split = { columns: inputs.map((column, place) => column.name || place), data };
  const said = Object.entries(params)
    .map(([name, text]) => [name, read(/** @type {Column} */ (signature.params.find((one) => one.name === name)), text, name)])
    .filter(([, value]) => value !== undefined && value !== null);
  if (said.length > 0) body.params = Object.fromEntries(said);
  return body;
}

/**
 * What fields hold at first: the model's own example, where it has one that fits.
 * @param {Signature} signature @param {string | undefined} example the text of serving_input_example.json
 * @returns {string[][]}
 */
export function firstRows(signature, example) {
  const empty = [signature.inputs.map(() => "")];
  if (!example) return empty;
  let told;
  try {
    told = JSON.parse(example);
  } catch {
    return empty; // cut, or no JSON
  }
  /** @param {unknown} value */
  const text = (value) => (value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));
  const split = told?.dataframe_split;
  if (Array.isArray(split?.columns) && Array.isArray(split?.data)) {
    const places = signature.inputs.map(({ name }, at) => (name ? split.columns.indexOf(name) : at));
    return split.data.slice(0, 20).map((/** @type {unknown[]} */ row) => places.map((place) => (place < 0 ? "" : text(row?.[place]))));
  }
  const inputs = told?.inputs ?? told?.instances;
  if (inputs === undefined) return empty;
  if (signature.tensors && inputs && !Array.isArray(inputs)) return [signature.inputs.map(({ name }) => text(inputs[name]))];
  if (signature.inputs.length === 1) return signature.tensors || !Array.isArray(inputs) ? [[text(inputs)]] : inputs.slice(0, 20).map((one) => [text(one)]);
  return empty;
}

/**
 * The lines that send a body.
 * @param {unknown} body @param {string} address where the model is served
 */
export function lines(body, address) {
  const where = `${address.replace(/\/+$/, "")}/invocations`;
  const curl = `curl ${shell(where)} -H 'Content-Type: application/json' -d ${shell(json(body))}`;
  const call = `import json, urllib.request\n\nbody = json.loads(${python(json(body))})\nrequest = urllib.request.Request(${python(where)}, json.dumps(body).encode(), {"Content-Type": "application/json"})\nprint(json.load(urllib.request.urlopen(request))["predictions"])`;
  return { curl, python: call };
}
