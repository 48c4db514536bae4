/** A patch, file by file, what was added and taken away in colours. */

import { html, useMemo, useState } from "../ground/html.js";
import { counted } from "../ground/format.js";

/** Lines of a file that are drawn before one asks for more. */
const FIRST = 400;

/**
 * @typedef {{kind: "add" | "del" | "at" | "", text: string}} Line
 * @typedef {{name: string, added: number, removed: number, lines: Line[]}} Patch of one file
 */

/**
 * The files of a patch, and what is said above the first.
 * @param {string} text as git writes it
 * @returns {{head: string, files: Patch[]}}
 */
export function patches(text) {
  /** @type {Patch[]} */
  const files = [];
  /** @type {string[]} */
  const head = [];
  let inside = false;
  for (const line of text.replace(/\n$/, "").split("\n")) {
    if (line.startsWith("diff --git ")) {
      files.push({ name: nameOf(line), added: 0, removed: 0, lines: [] });
      inside = false;
      continue;
    }
    const file = files.at(-1);
    if (!file) {
      head.push(line);
      continue;
    }
    if (line.startsWith("@@")) inside = true;
    const kind = !inside ? "" : line.startsWith("@@") ? "at" : line.startsWith("+") ? "add" : line.startsWith("-") ? "del" : "";
    if (kind === "add") file.added += 1;
    if (kind === "del") file.removed += 1;
    if (inside || !/^(index |--- |\+\+\+ )/.test(line)) file.lines.push({ kind, text: line });
  }
  return { head: head.join("\n").trim(), files };
}

/** The name behind `b/`. @param {string} line */
function nameOf(line) {
  const rest = line.slice("diff --git ".length);
  const half = rest.slice((rest.length + 1) / 2); // without renames both names are one
  return half.replace(/^"?b\//, "").replace(/"$/, "");
}

/** @param {{text: string}} props */
export function Diff({ text }) {
  const { head, files } = useMemo(() => patches(text), [text]);
  return html`<div class="column">
    ${head && html`<pre class="small quiet headline">${head}</pre>`}
    ${files.map((file) => html`<${File} key=${file.name} file=${file} />`)}
  </div>`;
}

/** @param {{file: Patch}} props */
function File({ file }) {
  const [all, setAll] = useState(false);
  const shown = all ? file.lines : file.lines.slice(0, FIRST);
  return html`<details class="patch" open>
    <summary><code class="cut">${file.name}</code> <span class="small"><span class="plus">+${file.added}</span> <span class="minus">−${file.removed}</span></span></summary>
    <pre tabindex="0" aria-label=${`Changes of ${file.name}`}>${shown.map(({ kind, text }) => html`<span class=${`patch-line ${kind}`}>${text || " "}${"\n"}</span>`)}</pre>
    ${shown.length < file.lines.length && html`<button type="button" class="plain" onClick=${() => setAll(true)}>Show ${counted(file.lines.length - FIRST, "more line")}</button>`}
  </details>`;
}
