/** Artifacts side by side, by their digests: what is the same, what is not, what is only here. Two texts are compared line by line, two pictures or tables are seen beside each other. */

import { Preview } from "../artifacts/file.js";
import { get, useAnswer } from "../ground/api.js";
import { size } from "../ground/format.js";
import { html } from "../ground/html.js";
import { Above } from "../parts/dialog.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { Changes } from "./changes.js";
import { file, text } from "./runs.js";
import { keysOf } from "./sheet.js";

/** @typedef {{path: string, file_size?: number, digest?: string}} File */

/** Bytes of a text that is compared line by line. */
const LARGEST = 2_000_000;

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

/** @param {ArrayBuffer} content */
const binary = (content) => new Uint8Array(content.slice(0, 8_000)).includes(0);

/**
 * How a file of one run differs from that of another: texts line by line, anything else as two previews beside each other.
 * @param {{path: string, left: import("./runs.js").Compared, right: import("./runs.js").Compared, files?: [File, File], close: () => void}} props
 *   files: what is known of the two, so that a large one is not fetched to be compared
 */
export function Difference({ path, left, right, files, close }) {
  const large = files?.some((one) => Number(one.file_size ?? 0) > LARGEST) ?? false;
  const { data, error, again } = useAnswer(large ? null : [left.run_id, right.run_id, path], (signal) => Promise.all([file(left.run_id, path, signal), file(right.run_id, path, signal)]));
  const apart = large || data?.some((content) => content && (content.byteLength > LARGEST || binary(content)));
  const [one, other] = data ?? [];
  return html`<${Above} label=${`How ${path} differs`} close=${close} wide><div class="inside">
    <h2 class="cut mono" title=${path}>${path}</h2>
    <p class="quiet small cut">from ${left.run_name} to ${right.run_name}</p>
    ${error
      ? html`<${Trouble} error=${error} again=${again} />`
      : apart
        ? html`<div class="beside">${[left, right].map((run, at) => html`<figure key=${run.run_id} class="card"><figcaption class="inside-card cut">${run.run_name}</figcaption><${Preview} owner=${run.run_id} file=${files?.[at] ?? { path }} /></figure>`)}</div>`
        : !data
          ? html`<${Skeleton} rows=${8} />`
          : html`<${Changes} left=${one ? text(one) : ""} right=${other ? text(other) : ""} label=${path} />`}
    <footer><button type="button" onClick=${close}>Close</button></footer>
  </div><//>`;
}
