/** Values in values, as a tree that is opened where one looks. */

import { counted } from "../ground/format.js";
import { html, useState } from "../ground/html.js";

/** Members of one list or object that are drawn at once, and letters of a text. */
const WIDE = 200, LETTERS = 2_000;

/** @param {string} text */
export const cut = (text) => (text.length > LETTERS ? `${text.slice(0, LETTERS)}…` : text);

/** @param {{value: any}} props */
export const Tree = ({ value }) => html`<ul class="inside files-json mono"><${Node} value=${value} open /></ul>`;

/** @param {{name?: string, value: any, open?: boolean}} props */
function Node({ name, value, open: first = false }) {
  const [open, setOpen] = useState(first);
  const [most, setMost] = useState(WIDE);
  const label = name !== undefined && html`<span><span class="code-name">${cut(name)}</span>: </span>`;
  if (value === null || typeof value !== "object") {
    return html`<li>${label}<span class=${typeof value === "string" ? "code-quoted" : "code-digit"}>${typeof value === "string" ? JSON.stringify(cut(value)) : String(value)}</span></li>`;
  }
  const list = Array.isArray(value);
  const names = open ? (list ? [...value.keys()].map(String) : Object.keys(value)) : [];
  const count = list ? value.length : Object.keys(value).length;
  return html`<li>
    <button type="button" class="plain files-fold" aria-expanded=${open} onClick=${() => setOpen(!open)}><span aria-hidden="true">${open ? "▾" : "▸"}</span> ${label}<span class="quiet">${list ? `[${counted(count, "item")}]` : `{${counted(count, "name")}}`}</span></button>
    ${open &&
    html`<ul>
      ${names.slice(0, most).map((one) => html`<${Node} key=${one} name=${one} value=${value[one]} />`)}
      ${names.length > most && html`<li><button type="button" class="plain small" onClick=${() => setMost(most + 5 * WIDE)}>${counted(names.length - most, "more")}</button></li>`}
    </ul>`}
  </li>`;
}
