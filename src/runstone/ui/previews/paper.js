/** A PDF, in the browser's own reader. */

import { html } from "../ground/html.js";

/** @param {import("./kinds.js").PreviewProps} props */
export default function Paper({ file, shown }) {
  return html`<div class="column">
    <iframe class="files-frame" src=${shown} title=${file.path}></iframe>
    <p class="inside small"><a href=${shown} target="_blank" rel="noopener noreferrer">Open it in a tab of its own</a></p>
  </div>`;
}
