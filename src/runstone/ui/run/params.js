/** What a run was given, as a tree by the "." and "/" in the names; searched, folded, copied. */

import { counted } from "../ground/format.js";
import { html, useMemo, useState } from "../ground/html.js";
import { Copy } from "../parts/code.js";

/** @typedef {{key: string, value: string}} Pair */
/** @typedef {{name: string, path: string, value?: string, inside: Branch[]}} Branch */
/** @typedef {{branch: Branch, depth: number, many: number}} Row */

/** Rows that are drawn before one asks for more, and characters of a value. */
const ROWS = 400;
const LONG = 400;

/**
 * Params as a tree. A branch that leads to one thing only is put together with it.
 * @param {Pair[]} params
 * @returns {Branch[]}
 */
export function tree(params) {
  /** @type {Branch} */
  const top = { name: "", path: "", inside: [] };
  /** @type {Map<string, Branch>} */
  const known = new Map([["", top]]);
  for (const { key, value } of params) {
    const parts = key.match(/[./]?[^./]+|[./]+/g) ?? [key];
    let above = top;
    let path = "";
    for (const part of parts) {
      path += part;
      let branch = known.get(path);
      if (!branch) {
        branch = { name: part, path, inside: [] };
        known.set(path, branch);
        above.inside.push(branch);
      }
      above = branch;
    }
    above.value = value;
  }
  const joined = (/** @type {Branch} */ branch) => {
    while (branch.value === undefined && branch.inside.length === 1) {
      const [only] = branch.inside;
      branch = { ...only, name: branch.name + only.name };
    }
    branch.inside = branch.inside.map(joined).sort(byName);
    return branch;
  };
  return top.inside.map(joined).sort(byName);
}

/** What a branch is called within the one above it. @param {Branch} branch @param {number} depth */
const named = (branch, depth) => (depth > 0 ? branch.name.replace(/^[./](?=.)/, "") : branch.name);

/** @param {Branch} one @param {Branch} other */
const byName = (one, other) => one.name.localeCompare(other.name, undefined, { numeric: true });

/**
 * The rows of a tree, without what lies in folded branches.
 * @param {Branch[]} branches
 * @param {Set<string>} folded
 * @returns {Row[]}
 */
function rowsOf(branches, folded, depth = 0) {
  return branches.flatMap((branch) => [
    { branch, depth, many: branch.inside.length },
    ...(folded.has(branch.path) ? [] : rowsOf(branch.inside, folded, depth + 1)),
  ]);
}

/** @param {{params: Pair[]}} props */
export function Params({ params }) {
  const [text, setText] = useState("");
  const [folded, setFolded] = useState(/** @type {Set<string>} */ (new Set()));
  const [all, setAll] = useState(false);
  const shown = useMemo(() => params.filter(({ key, value }) => `${key}=${value}`.toLowerCase().includes(text.toLowerCase())), [params, text]);
  const rows = useMemo(() => rowsOf(tree(shown), text ? new Set() : folded), [shown, folded, text]);
  const drawn = all ? rows : rows.slice(0, ROWS);
  /** @param {string} path */
  const fold = (path) => setFolded((before) => (before.has(path) ? new Set([...before].filter((one) => one !== path)) : new Set([...before, path])));
  return html`<section class="card" aria-label="Params"><header><h2 class="grow">Params <span class="quiet small">${params.length.toLocaleString("en")}</span></h2>
    ${params.length > 8 && html`<input type="search" placeholder="Find" aria-label="Find params" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />`}
    ${params.length > 0 && html`<${Copy} text=${JSON.stringify(Object.fromEntries(shown.map(({ key, value }) => [key, value])), null, 2)} label="Copy as JSON" />`}</header>
    ${params.length === 0
      ? html`<p class="inside quiet">None were logged.</p>`
      : shown.length === 0
        ? html`<p class="inside quiet">None has “${text}”.</p>`
        : html`<table class="plain pairs"><colgroup><col class="key" /><col /></colgroup><thead class="hidden"><tr><th>Name</th><th>Value</th></tr></thead><tbody>${drawn.map(({ branch, depth, many }) => html`<tr key=${branch.path}>
          <td class="key" style=${{ paddingLeft: `${12 + depth * 16}px` }} title=${branch.path}>${many > 0
            ? html`<button type="button" class="plain branch" aria-expanded=${text !== "" || !folded.has(branch.path)} onClick=${() => fold(branch.path)}><span aria-hidden="true">${text === "" && folded.has(branch.path) ? "▸" : "▾"}</span>${named(branch, depth)} <span class="small">${many}</span></button>`
            : named(branch, depth)}</td>
          <td class="mono">${branch.value !== undefined && html`<${Value} text=${branch.value} />`}</td>
        </tr>`)}</tbody></table>`}
    ${drawn.length < rows.length && html`<button type="button" class="plain more-rows" onClick=${() => setAll(true)}>Show ${counted(rows.length - ROWS, "more row")}</button>`}
  </section>`;
}

/** @param {{text: string}} props */
function Value({ text }) {
  const [whole, setWhole] = useState(false);
  return html`<span class="param-value"><span class="grow">${whole || text.length <= LONG ? text : `${text.slice(0, LONG)}… `}${!whole && text.length > LONG && html`<button type="button" class="plain small" onClick=${() => setWhole(true)}>all ${counted(text.length, "character")}</button>`}</span>
    <span class="on-hover"><${Copy} text=${text} /></span></span>`;
}
