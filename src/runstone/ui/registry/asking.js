/** What the pages of models ask the server for, and how its answers are read. */

import { get, post } from "../ground/api.js";
import { number } from "../ground/format.js";

/** @typedef {{key: string, value: string}} Pair */
/** @typedef {{alias: string, version: string}} Alias */
/** @typedef {{key: string, value?: number | string | null, timestamp?: number, step?: number, dataset_name?: string, dataset_digest?: string, run_id?: string}} Point */
/**
 * @typedef {{name: string, version: string, creation_timestamp?: number, last_updated_timestamp?: number, description?: string, user_id?: string,
 *   current_stage?: string, source?: string, run_id?: string, status?: string, status_message?: string, tags?: Pair[], aliases?: string[], model_id?: string}} Version
 * @typedef {{name: string, creation_timestamp?: number, last_updated_timestamp?: number, description?: string, latest_versions?: Version[], tags?: Pair[], aliases?: Alias[]}} Registered
 * @typedef {{model_id: string, experiment_id: string, name: string, status: string, params: Pair[], metrics: Point[]}} Measured
 * @typedef {{pattern: string, users: string[]}} Protection
 * @typedef {{kind: string, time: number, user_id: string, version?: string, key?: string, old?: string, new?: string}} Change
 */

/** Versions that a table shows; older ones are asked for. */
export const VERSIONS = 200;
/** Changes that are read of one model. */
const CHANGES = 5_000;

/**
 * A text as the language of searches has it.
 * @param {string} text
 */
export const quoted = (text) => (text.includes("'") ? `"${text}"` : `'${text}'`);

/**
 * What was typed as a filter: in the language of searches, or, without any comparison, a part of a name.
 * @param {string} text
 */
export const asFilter = (text) => (text && !/[=<>]|\b(like|ilike|in|is)\b/i.test(text) ? `name ILIKE ${quoted(`%${text}%`)}` : text);

/** @param {string} name @param {AbortSignal} [signal] @returns {Promise<Registered>} */
export const registered = async (name, signal) => (await get("/mlflow/registered-models/get", { name }, signal)).registered_model;

/** @param {string} name @param {string} version @param {AbortSignal} [signal] @returns {Promise<Version>} */
export const oneVersion = async (name, version, signal) => (await get("/mlflow/model-versions/get", { name, version }, signal)).model_version;

/**
 * The newest versions of a model, and whether there are older ones.
 * @param {string} name @param {number} limit @param {AbortSignal} [signal]
 * @returns {Promise<{versions: Version[], more: boolean}>}
 */
export async function versionsOf(name, limit, signal) {
  // A text with quotes of both kinds cannot be said: any character may stand for one kind, and what is not meant is left out.
  const filter = /'/.test(name) && /"/.test(name) ? `name LIKE '${name.replaceAll("'", "_")}'` : `name = ${quoted(name)}`;
  const found = await get("/mlflow/model-versions/search", { filter, order_by: ["version_number DESC"], max_results: limit }, signal);
  return { versions: (found.model_versions ?? []).filter((/** @type {Version} */ one) => one.name === name), more: Boolean(found.next_page_token) };
}

/** @param {string[]} ids of logged models @param {AbortSignal} [signal] @returns {Promise<Map<string, Measured>>} */
export async function measures(ids, signal) {
  if (ids.length === 0) return new Map();
  const found = (await post("/runstone/models/measures", { model_ids: ids }, { signal })).models ?? [];
  return new Map(found.map((/** @type {any} */ one) => [one.model_id, { params: [], metrics: [], ...one }]));
}

/** @param {string} name @param {AbortSignal} [signal] @returns {Promise<Protection[]>} */
export const protections = async (name, signal) =>
  ((await get("/runstone/registry/protections", { name }, signal)).protections ?? []).map((/** @type {any} */ one) => ({ users: [], ...one, pattern: one.alias }));

/**
 * All that was changed of a model (or of one version), the newest first.
 * @param {string} name @param {string | undefined} version @param {AbortSignal} [signal]
 * @returns {Promise<Change[]>}
 */
export async function changesOf(name, version, signal) {
  /** @type {Change[]} */
  const found = [];
  let token;
  do {
    const page = await get("/runstone/registry/changes", { name, version, page_token: token }, signal);
    found.push(...(page.changes ?? []));
    token = page.next_page_token;
  } while (token && found.length < CHANGES);
  return found.reverse();
}

/**
 * The patterns that protect an alias.
 * @param {Protection[]} list @param {string} alias
 */
export const guarding = (list, alias) => list.filter(({ pattern }) => fits(pattern.split("*"), alias));

/** @param {string[]} pieces what stands between the stars @param {string} text */
function fits(pieces, text) {
  if (pieces.length === 1) return pieces[0] === text;
  const [first, ...rest] = pieces;
  const last = /** @type {string} */ (rest.pop());
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const place = text.indexOf(piece, at);
    if (place < 0) return false;
    at = place + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** A metric's value as it is shown. @param {Point["value"]} value */
export const shown = (value) => (typeof value === "string" ? value : number(value ?? null));

/** The name of a column: a metric, on the data that it was measured on. @param {Point} point */
export const measureName = ({ key, dataset_name }) => (dataset_name ? `${key} · ${dataset_name}` : key);

/**
 * The latest value of each metric on each dataset.
 * @param {Point[]} points
 * @returns {Map<string, Point>}
 */
export function latest(points) {
  const found = new Map();
  for (const point of points) {
    const name = measureName(point);
    const before = found.get(name);
    if (!before || (point.timestamp ?? 0) > (before.timestamp ?? 0) || ((point.timestamp ?? 0) === (before.timestamp ?? 0) && (point.step ?? 0) >= (before.step ?? 0))) found.set(name, point);
  }
  return found;
}

/** A logged model's status, as runs have theirs. @param {string} [status] */
export const statusOf = (status = "") => (/FAILED/.test(status) ? "FAILED" : /READY/.test(status) ? "READY" : /PENDING/.test(status) ? "PENDING" : status);

/** Tags that people set. @param {Pair[]} [tags] */
export const ownTags = (tags = []) => tags.filter(({ key }) => !/^(mlflow|runstone)\./.test(key));
