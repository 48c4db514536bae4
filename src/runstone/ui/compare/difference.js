/** How a file of one run differs from that of another, in the ways that its kind has: lines, cells, values, pixels, or two previews beside each other. */

import { Preview } from "../artifacts/file.js";
import { useAnswer } from "../ground/api.js";
import { html, useMemo, useState } from "../ground/html.js";
import { Above } from "../parts/dialog.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { PICTURES } from "../previews/kinds.js";
import { asTable } from "../previews/logged.js";
import { Ways } from "../previews/ways.js";
import { Changes } from "./changes.js";
import { Subtracted, Wiped } from "./pictures.js";
import { file, text } from "./runs.js";
import { Tables, TABLES } from "./tables.js";
import { Trees, YAML } from "./trees.js";

/** @typedef {import("./files.js").File} File */

/** Bytes of a text that is compared line by line. */
const LARGEST = 2_000_000;

/** @param {ArrayBuffer} content */
const binary = (content) => new Uint8Array(content.slice(0, 8_000)).includes(0);

/** @param {ArrayBuffer} content @returns {any} undefined where it is no JSON */
function parsed(content) {
  try {
    return JSON.parse(text(content));
  } catch {
    return undefined;
  }
}

/**
 * In which ways two files are compared, the first of which is shown at first.
 * @param {string} path
 * @param {boolean} both each of the two runs has it
 * @param {(ArrayBuffer | null)[] | undefined} contents of small ones, when they are here
 * @param {boolean} apart they are large, or no text
 */
function waysOf(path, both, contents, apart) {
  if (PICTURES.test(path)) return both ? ["Beside", "Wipe", "Difference"] : ["Beside"];
  const lines = apart ? ["Beside"] : ["Lines"];
  if (!both) return lines;
  if (TABLES.test(path)) return ["Cells", ...lines, ...(apart ? [] : ["Beside"])];
  if (YAML.test(path) && !apart) return ["Values", ...lines];
  if (/\.(geo)?json$/i.test(path) && contents && !apart) {
    const values = contents.map((content) => content && parsed(content));
    if (values.some((value) => value === undefined)) return lines;
    return [...(values.every((value) => asTable(value)) ? ["Cells"] : []), "Values", ...lines, "Beside"];
  }
  return lines;
}

/**
 * @param {{path: string, left: import("./runs.js").Compared, right: import("./runs.js").Compared, files?: (File | undefined)[], close: () => void}} props
 *   files: what is known of the two, so that a large one is not fetched to be compared, nor one that is not there
 */
export function Difference({ path, left, right, files, close }) {
  const [chosen, setChosen] = useState("");
  const skipped = PICTURES.test(path) || (files?.some((one) => Number(one?.file_size ?? 0) > LARGEST) ?? false);
  const { data, error, again } = useAnswer(skipped ? null : [left.run_id, right.run_id, path], (signal) => Promise.all([file(left.run_id, path, signal), file(right.run_id, path, signal)]));
  const both = files ? files.every(Boolean) : true;
  const apart = skipped || (data?.some((content) => content && (content.byteLength > LARGEST || binary(content))) ?? false);
  const ways = useMemo(() => waysOf(path, both, data, apart), [path, both, data, apart]);
  const way = ways.includes(chosen) ? chosen : ways[0];
  const two = { path, owners: /** @type {[string, string]} */ ([left.run_id, right.run_id]), names: /** @type {[string, string]} */ ([left.run_name, right.run_name]) };
  const [one, other] = data ?? [];
  /** @type {Record<string, () => any>} */
  const views = {
    Lines: () => html`<${Changes} left=${one ? text(one) : ""} right=${other ? text(other) : ""} label=${path} />`,
    Cells: () => html`<${Tables} ...${two} />`,
    Values: () => html`<${Trees} ...${two} />`,
    Wipe: () => html`<${Wiped} ...${two} />`,
    Difference: () => html`<${Subtracted} ...${two} />`,
    Beside: () => html`<div class="beside">${[left, right].map((run, at) => html`<figure key=${run.run_id} class="card"><figcaption class="inside-card cut">${run.run_name}</figcaption>
      ${files && !files[at] ? html`<p class="inside quiet">It has no such file.</p>` : html`<${Preview} owner=${run.run_id} file=${files?.[at] ?? { path }} />`}</figure>`)}</div>`,
  };
  return html`<${Above} label=${`How ${path} differs`} close=${close} wide><div class="inside">
    <h2 class="cut mono" title=${path}>${path}</h2>
    <p class="quiet small cut">from ${left.run_name} to ${right.run_name}</p>
    ${error
      ? html`<${Trouble} error=${error} again=${again} />`
      : !data && !skipped
        ? html`<${Skeleton} rows=${8} />`
        : html`<div class="column">${ways.length > 1 && html`<${Ways} ways=${ways} way=${way} choose=${setChosen} />`}${views[way]()}</div>`}
    <footer><button type="button" onClick=${close}>Close</button></footer>
  </div><//>`;
}
