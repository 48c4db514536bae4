/** A sound. */

import { html } from "../ground/html.js";

/** @param {import("./kinds.js").PreviewProps} props */
export default function Sound({ file, shown }) {
  return html`<div class="inside"><audio controls preload="metadata" src=${shown} aria-label=${file.path} /></div>`;
}
