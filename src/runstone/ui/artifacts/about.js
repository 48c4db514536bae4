/** What a file is by its bytes: digest, what it takes in the store, which versions and other files it is. Asked for when one opens it. */

import { get, post, useAnswer } from "../ground/api.js";
import { size } from "../ground/format.js";
import { html, useState } from "../ground/html.js";
import { Copy } from "../parts/code.js";

/** Other files with the same bytes that are named. */
const SAME = 10;

/**
 * @param {{owner: string, file: import("./place.js").FileInfo, files: import("./place.js").FileInfo[], href: (path: string) => string}} props
 */
export function About({ owner, file, files, href }) {
  const [open, setOpen] = useState(false);
  const same = file.digest ? files.filter((one) => one.digest === file.digest && one.path !== file.path) : [];
  const stored = useAnswer(open ? ["stored", owner, file.path, file.digest] : null, async (signal) => (await get("/runstone/artifacts/stored", { run_id: owner, path: file.path }, signal)).stored);
  const versions = useAnswer(open && file.digest && !owner.startsWith("m-") ? ["versions", owner, file.digest] : null, async (signal) => {
    const { versions: found = [] } = await post("/runstone/artifact-versions/search", { run_id: owner, max_results: 500 }, { signal });
    return found.filter((/** @type {any} */ one) => one.digest === file.digest);
  });
  return html`<details class="card files-about" onToggle=${(/** @type {any} */ event) => setOpen(event.target.open)}><summary>About this file</summary>
    <dl class="facts inside">
      <dt>Path</dt><dd><code>${file.path}</code></dd>
      <dt>Size</dt><dd>${(file.file_size ?? 0).toLocaleString("en")} bytes</dd>
      <dt>In the store</dt><dd>${stored.error ? stored.error.message : stored.loading ? "…" : stored.data === undefined || stored.data === null ? "as a plain file, or it still grows" : html`${size(stored.data)}<span class="quiet">, compressed; other files may share it</span>`}</dd>
      <dt>Digest</dt><dd>${file.digest ? html`<code>${file.digest}</code> <${Copy} text=${file.digest} />` : "none: it still grows, or lies as a plain file"}</dd>
      ${file.executable && html`<dt>Mode</dt><dd>executable</dd>`}
      ${versions.data?.length > 0 && html`<dt>Versions</dt><dd>${versions.data.map((/** @type {any} */ one) => html`<div><code>${one.name}:v${one.version}</code> ${(one.aliases ?? []).map((/** @type {string} */ alias) => html`<span class="tag">${alias}</span> `)}</div>`)}</dd>`}
      ${same.length > 0 && html`<dt>Same bytes as</dt><dd>${same.slice(0, SAME).map((one) => html`<div><a href=${href(one.path)}>${one.path}</a></div>`)}${same.length > SAME && `and ${same.length - SAME} more`}</dd>`}
    </dl>
  </details>`;
}
