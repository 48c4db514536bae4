/** Tags that are set and taken away where they stand. */

import { html } from "../ground/html.js";
import { ownTags } from "./asking.js";
import { tag, untag } from "./changing.js";

/** @param {{tags?: import("./asking.js").Pair[], tagged: import("./changing.js").Tagged, again: () => void}} props */
export function Tags({ tags, tagged, again }) {
  return html`<span class="row wrap tags">
    ${ownTags(tags).map(({ key, value }) => html`<span key=${key} class="tag" title=${`${key} = ${value}`}><span class="cut">${key}${value && `: ${value}`}</span>
      <button type="button" class="plain drop" aria-label=${`Take the tag ${key} away`} onClick=${() => untag(tagged, key, again)}>×</button></span>`)}
    <button type="button" class="plain small" onClick=${() => tag(tagged, again)}>+ tag</button>
  </span>`;
}

/** The same to look at only. @param {{tags?: import("./asking.js").Pair[], most?: number}} props */
export function TagList({ tags, most = 6 }) {
  const own = ownTags(tags);
  return own.length > 0 && html`<span class="row wrap tags">
    ${own.slice(0, most).map(({ key, value }) => html`<span class="tag" title=${`${key} = ${value}`}><span class="cut">${key}${value && `: ${value}`}</span></span>`)}
    ${own.length > most && html`<span class="quiet small">+${own.length - most}</span>`}
  </span>`;
}
