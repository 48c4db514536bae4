/** A film. What is not looked at is not fetched. */

import { html } from "../ground/html.js";

/** @param {import("./kinds.js").PreviewProps} props */
export default function Film({ file, shown }) {
  return html`<div class="inside"><video class="files-film" controls preload="metadata" src=${shown} aria-label=${file.path} /></div>`;
}
