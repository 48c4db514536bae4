/** A file: what it is, how to have it, and a preview. */

import { size } from "../ground/format.js";
import { html, useEffect, useState } from "../ground/html.js";
import { Code, Copy } from "../parts/code.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { previewOf } from "../previews/kinds.js";
import { About } from "./about.js";
import { remove } from "./changing.js";
import { code, fileAddress } from "./place.js";
import { Trail } from "./trail.js";

/**
 * @param {{owner: string, file: import("./place.js").FileInfo, files: import("./place.js").FileInfo[], href: (path: string) => string,
 *   changing?: import("./changing.js").Changing}} props
 */
export function File({ owner, file, files, href, changing }) {
  return html`<section class="column">
    <article class="card">
      <header class="wrap">
        <${Trail} path=${file.path} href=${href} />
        <span class="quiet small">${size(file.file_size)}</span>
        <${Copy} text=${file.path} label="Copy path" />
        <a class="button" href=${fileAddress(owner, file.path)} download>Download</a>
        ${changing && html`<button type="button" onClick=${() => remove(changing, file.path)}>Delete…</button>`}
      </header>
      <${Preview} owner=${owner} file=${file} />
    </article>
    <${About} owner=${owner} file=${file} files=${files} href=${href} />
    <${Code} label="Code that loads it" text=${code(owner, file.path, false)} />
  </section>`;
}

/** What is in it; its module is loaded when a file of its kind is looked at. @param {{owner: string, file: import("./place.js").FileInfo}} props */
export function Preview({ owner, file }) {
  const [loaded, setLoaded] = useState(/** @type {{component?: any, error?: Error}} */ ({}));
  useEffect(() => {
    let wanted = true;
    previewOf(file.path, file.file_size ?? 0)().then(
      (module) => wanted && setLoaded({ component: module.default }),
      (error) => wanted && setLoaded({ error }),
    );
    return () => {
      wanted = false;
    };
  }, [file.path, file.file_size]);
  if (loaded.error) return html`<div class="inside"><${Trouble} error=${loaded.error} /></div>`;
  if (!loaded.component) return html`<div class="inside"><${Skeleton} rows=${6} /></div>`;
  return html`<${loaded.component} owner=${owner} file=${file} url=${fileAddress(owner, file.path)} shown=${fileAddress(owner, file.path, { show: true })} />`;
}
