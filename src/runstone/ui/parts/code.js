/** A piece of code with a button that copies it. */

import { html, useState } from "../ground/html.js";

/** @param {{text: string, label?: string}} props */
export function Copy({ text, label = "Copy" }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await copied(text);
    setDone(true);
    window.setTimeout(() => setDone(false), 1_500);
  };
  return html`<button type="button" class="plain small" onClick=${copy} aria-label=${`${label}: ${text.slice(0, 60)}`}>${done ? "Copied" : label}</button>`;
}

/**
 * Put a text on the clipboard; over plain HTTP, where browsers keep theirs closed, by way of a field.
 * @param {string} text
 */
export async function copied(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

/** @param {{text: string, label?: string}} props */
export function Code({ text, label = "Code" }) {
  return html`<div style=${{ position: "relative" }}>
    <pre class="code" tabindex="0" aria-label=${label}><code>${text}</code></pre>
    <span style=${{ position: "absolute", top: "4px", right: "4px" }}><${Copy} text=${text} /></span>
  </div>`;
}
