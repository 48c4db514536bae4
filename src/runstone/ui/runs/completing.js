/** What may stand where one types a filter: a name, or, behind a comparison, one of the values that there are. */

import { post } from "../ground/api.js";

const STATUSES = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];
/** What runs have beside metrics, params and tags. */
export const ATTRIBUTES = ["attributes.status", "attributes.run_name", "attributes.start_time", "attributes.end_time", "attributes.duration", "attributes.user_id", "attributes.run_id"];
// A name, a comparison, and the value that is being typed: within its quote, or not begun.
const VALUE = /(?:(attributes|attribute|params|param|tags|tag)\.)?(?:`([^`]+)`|([\w./-]+))\s*(?:=|!=|(?:NOT\s+)?I?LIKE|(?:NOT\s+)?IN\s*\((?:\s*'[^']*'\s*,)*)\s*('?)([^'"]*)$/i;

/** @typedef {{kind: "name" | "param" | "tag" | "status", key: string, typed: string, from: number, quoted: boolean}} Typed */

/**
 * What is being typed, and where it begins.
 * @param {string} text
 * @param {number} at
 * @param {boolean} ofRuns whether values can be completed
 * @returns {Typed}
 */
export function typedAt(text, at, ofRuns) {
  const before = text.slice(0, at);
  const found = ofRuns ? before.match(VALUE) : null;
  if (found) {
    const [, entity = "", quoted, bare, quote, typed] = found;
    const key = quoted ?? bare;
    const kind = /^param/i.test(entity) ? "param" : /^tag/i.test(entity) ? "tag" : key === "status" ? "status" : null;
    if (kind) return { kind, key, typed, from: at - typed.length - quote.length, quoted: quote !== "" };
  }
  const typed = /** @type {RegExpMatchArray} */ (before.match(/[\w./`@-]*$/))[0];
  return { kind: "name", key: "", typed, from: at - typed.length, quoted: false };
}

/** @param {string} key */
const quoted = (key) => (/^[\w/.-]+$/.test(key) ? key : `\`${key}\``);

/** All keys as a filter names them. @param {import("./columns.js").Keys | undefined} keys */
export const names = (keys) => [
  ...(keys?.metrics ?? []).map(({ key }) => `metrics.${quoted(key)}`),
  ...(keys?.params ?? []).map(({ key }) => `params.${quoted(key)}`),
  ...(keys?.tags ?? []).map(({ key }) => `tags.${quoted(key)}`),
];

/**
 * The values that fit, as they are put into the filter.
 * @param {Typed} typed
 * @param {string[]} experiments
 * @param {AbortSignal} signal
 * @returns {Promise<string[]>}
 */
export async function values({ kind, key, typed }, experiments, signal) {
  if (kind === "status") return STATUSES.filter((one) => one.toLowerCase().includes(typed.toLowerCase())).map((one) => `'${one}'`);
  const answer = await post("/runstone/runs/values", { experiment_ids: experiments, kind, key, part: typed }, { signal });
  return (answer.values ?? []).map((/** @type {{value: string}} */ { value }) => value).filter((/** @type {string} */ value) => !/['\n]/.test(value)).map((/** @type {string} */ value) => `'${value}'`);
}
