/** The path of a file or folder, each part a link to it. */

import { html } from "../ground/html.js";

/** @param {{path: string, href: (path: string) => string}} props */
export function Trail({ path, href }) {
  const parts = path.split("/").filter(Boolean);
  return html`<nav aria-label="Path of the file" class="grow"><ol class="crumbs files-trail">
    <li>${parts.length > 0 ? html`<a href=${href("")}>Files</a>` : "Files"}</li>
    ${parts.map((name, at) => html`<li class="cut">${at < parts.length - 1 ? html`<a href=${href(parts.slice(0, at + 1).join("/"))}>${name}</a>` : html`<strong title=${path}>${name}</strong>`}</li>`)}
  </ol></nav>`;
}
