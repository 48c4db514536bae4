/** The runs that are compared: each with its params, tags and metrics' summaries. One that is gone keeps its place, and says so. */

import { bytes, address, get, Refused, useAnswer } from "../ground/api.js";

/**
 * @typedef {{count: number, last: number | string | null, min: number | string | null, max: number | string | null}} Summary
 * @typedef {{run_id: string, run_name: string, experiment_id: string, gone: boolean, status: string, colour?: string, info: any,
 *   models: string[], params: Map<string, string>, tags: Map<string, string>, metrics: Map<string, Summary>}} Compared
 */

/** More are not read side by side; their charts and the table of runs show them. */
export const MOST = 50;

/**
 * @param {string | null} text a list in an address, as JSON
 * @returns {string[]}
 */
export function listed(text) {
  try {
    const told = JSON.parse(text ?? "[]");
    return Array.isArray(told) ? [...new Set(told.map(String))] : [];
  } catch {
    return [];
  }
}

/** @param {{key: string, value: string}[]} [pairs] @returns {Map<string, string>} */
const mapped = (pairs = []) => new Map(pairs.map(({ key, value }) => [key, value ?? ""]));

/** @param {string} run_id @param {AbortSignal} signal @returns {Promise<Compared>} */
async function one(run_id, signal) {
  try {
    const [{ run }, summaries] = await Promise.all([get("/mlflow/runs/get", { run_id }, signal), get("/runstone/metrics/summaries", { run_id }, signal)]);
    const tags = mapped(run.data?.tags);
    return {
      run_id, run_name: run.info.run_name || run_id, experiment_id: run.info.experiment_id, gone: false, status: run.info.status, colour: tags.get("mlflow.runColor"), info: run.info,
      models: (run.outputs?.model_outputs ?? []).map((/** @type {any} */ made) => made.model_id), params: mapped(run.data?.params), tags, metrics: new Map((summaries.metrics ?? []).map((/** @type {any} */ summary) => [summary.key, summary])),
    };
  } catch (error) {
    if (!(error instanceof Refused) || (error.status !== 404 && error.status !== 400)) throw error;
    return { run_id, run_name: run_id, experiment_id: "", gone: true, status: "", info: {}, models: [], params: new Map(), tags: new Map(), metrics: new Map() };
  }
}

/**
 * @param {string[]} ids
 * @param {number} turn rises when something may have changed
 */
export const useRuns = (ids, turn) => useAnswer(["compare", ids, turn], (signal) => Promise.all(ids.map((id) => one(id, signal))));

/** The names of the experiments that runs are of, by id; one that is not told is missing. @param {string[]} ids */
export function useExperiments(ids) {
  const wanted = [...new Set(ids)].filter(Boolean).sort();
  const { data } = useAnswer(wanted.length > 0 ? ["names", ...wanted] : null, (signal) =>
    Promise.all(wanted.map((experiment_id) => get("/mlflow/experiments/get", { experiment_id }, signal).then((answer) => /** @type {[string, string]} */ ([experiment_id, answer.experiment.name]), () => null))));
  return new Map((data ?? []).flatMap((/** @type {[string, string] | null} */ one) => (one ? [one] : [])));
}

/**
 * Something of each of these runs, by their ids; of those that are gone, nothing. Another order asks for nothing anew.
 * @template T
 * @param {string} what
 * @param {Compared[]} runs
 * @param {(run: Compared, signal: AbortSignal) => Promise<T>} ask
 */
export function useEach(what, runs, ask) {
  const there = runs.filter((run) => !run.gone);
  const { data, error, again } = useAnswer([what, there.map((run) => run.run_id).sort()], async (signal) => new Map(await Promise.all(there.map(async (run) => /** @type {[string, T]} */ ([run.run_id, await ask(run, signal)])))));
  return { data: there.every((run) => data?.has(run.run_id)) ? data : undefined, error, again };
}

/**
 * The bytes of a run's file; null where there is none.
 * @param {string} run_id
 * @param {string} path
 * @param {AbortSignal} [signal]
 */
export async function file(run_id, path, signal) {
  try {
    return await bytes(address("./get-artifact", { path, run_uuid: run_id }), { signal });
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

/** @param {ArrayBuffer} content */
export const text = (content) => new TextDecoder().decode(content);
