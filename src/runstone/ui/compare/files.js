/** Artifacts side by side, by their digests: what is the same, what is not, what is only here. */

import { get } from "../ground/api.js";
import { size } from "../ground/format.js";
import { html } from "../ground/html.js";
import { keysOf } from "./sheet.js";

/** @typedef {{path: string, file_size?: number, digest?: string}} File */

/**
 * The files of a run, by path.
 * @param {import("./runs.js").Compared} run
 * @param {AbortSignal} signal
 * @returns {Promise<Map<string, File>>}
 */
export async function filesOf(run, signal) {
  const { files = [] } = await get("/runstone/artifacts/tree", { run_id: run.run_id }, signal);
  return new Map(files.map((/** @type {File} */ one) => [one.path, one]));
}

/**
 * @param {Map<string, File>[]} files
 * @param {number} base
 * @param {(path: string, at: number) => void} open shows how a run's file differs from the baseline's
 * @returns {import("./sheet.js").Section[]}
 */
export function sections(files, base, open) {
  const rows = keysOf(files).map((path) => {
    const found = files.map((map) => map.get(path));
    const from = base < 0 ? undefined : found[base];
    const alone = found.filter(Boolean).length === 1;
    return {
      key: path, differs: found.some((one) => one?.digest !== found[0]?.digest),
      title: html`<span class="cut mono" title=${path}>${path}</span>`,
      other: base < 0 ? undefined : found.map((one) => one?.digest !== from?.digest),
      cell: (/** @type {number} */ at) => {
        const one = found[at];
        if (!one) return null;
        const word = base < 0 ? (alone ? "only here" : "") : at === base ? (alone ? "only here" : "") : !from ? "new" : one.digest === from.digest ? "same" : "changed";
        const told = html`<span class="quiet small" title=${one.digest ?? ""}>${size(one.file_size ?? 0)}</span>`;
        return word === "changed"
          ? html`<span class="row"><button type="button" class="plain small link" aria-label=${`How ${path} changed`} onClick=${() => open(path, at)}>changed</button>${told}</span>`
          : html`<span class="row">${word && html`<span class=${word === "same" ? "quiet" : ""}>${word}</span>`}${told}</span>`;
      },
    };
  });
  return [{ title: "Artifacts", rows, none: "None were logged." }];
}
