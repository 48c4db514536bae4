/** A picture, as large as there is room, or pixel for pixel. A drawing (SVG) is a picture, too: as such it runs no script. */

import { html, useState } from "../ground/html.js";

/** @param {import("./kinds.js").PreviewProps} props */
export default function Picture({ file, shown }) {
  const [size, setSize] = useState("");
  const [failed, setFailed] = useState(false);
  const [whole, setWhole] = useState(true);
  if (failed) return html`<p class="inside quiet">This is no picture that a browser can read, or one of so many pixels that it would take all memory. It can be downloaded.</p>`;
  return html`<div class="inside column">
    <button type="button" class=${`files-picture${size ? "" : " bone"}`} aria-label=${whole ? "Show its pixels" : "Fit it into the page"} onClick=${() => setWhole(!whole)}>
      <img class=${whole ? "whole" : ""} src=${shown} alt=${file.path} onError=${() => setFailed(true)}
        onLoad=${(/** @type {any} */ event) => setSize(`${event.target.naturalWidth} × ${event.target.naturalHeight}`)} />
    </button>
    <span class="quiet small">${size || " "}</span>
  </div>`;
}
