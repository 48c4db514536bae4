/** A folder: what is in it, how large that is, how to have it. */

import { address } from "../ground/api.js";
import { counted, size } from "../ground/format.js";
import { html } from "../ground/html.js";
import { Code } from "../parts/code.js";
import { inside, nameOf } from "./branches.js";
import { remove } from "./changing.js";
import { Dropped } from "./dropped.js";
import { Images } from "./images.js";
import { code } from "./place.js";
import { seriesOf } from "./series.js";
import { Trail } from "./trail.js";

/** Rows that are drawn. */
const MOST = 1_000;

/**
 * @param {{owner: string, folder: import("./branches.js").Folder, files: import("./place.js").FileInfo[], href: (path: string) => string,
 *   changing?: import("./changing.js").Changing}} props
 */
export function Folder({ owner, folder, files, href, changing }) {
  const { folders, files: own } = inside(folder);
  const series = seriesOf(folder.path === "images" || folder.path === "" ? files : []);
  return html`<section class="column">
    ${series.length > 0 && html`<${Images} owner=${owner} series=${series} />`}
    <${Dropped} changing=${changing} path=${folder.path}><article class="card">
      <header class="wrap">
        <${Trail} path=${folder.path} href=${href} />
        <span class="quiet small">${counted(folder.count, "file")} · ${size(folder.size)}</span>
        <a class="button" href=${address("/runstone/artifacts/zip", { run_id: owner, path: folder.path })} download>Download as zip</a>
        ${changing && folder.path && html`<button type="button" onClick=${() => remove(changing, folder.path)}>Delete…</button>`}
      </header>
      <div class="scroll"><table class="plain">
        <thead><tr><th>Name</th><th class="number">Size</th></tr></thead>
        <tbody>
          ${folders.slice(0, MOST).map((one) => html`<tr key=${one.path}><td><a href=${href(one.path)}>${one.name}/</a> <span class="quiet small">${counted(one.count, "file")}</span></td><td class="number">${size(one.size)}</td></tr>`)}
          ${own.slice(0, MOST).map((one) => html`<tr key=${one.path}><td><a href=${href(one.path)}>${nameOf(one.path)}</a></td><td class="number">${size(one.file_size)}</td></tr>`)}
        </tbody>
      </table></div>
      ${folders.length + own.length > MOST && html`<p class="inside quiet small">The first ${MOST.toLocaleString("en")} are shown. Search finds the others.</p>`}
    </article><//>
    <${Code} label="Code that fetches it" text=${code(owner, folder.path, true)} />
  </section>`;
}
