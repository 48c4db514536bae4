/** Markdown as elements. What is markup in it is text. */

import { html, useMemo } from "../ground/html.js";
import { parse } from "../ground/markdown.js";

/** @typedef {import("../ground/markdown.js").Block} Block @typedef {import("../ground/markdown.js").Inline} Inline */

/** @param {{text: string}} props */
export function Markdown({ text }) {
  const blocks = useMemo(() => parse(text), [text]);
  return html`<div class="markdown">${blocks.map(block)}</div>`;
}

/** @param {Block} one @returns {any} */
function block(one) {
  switch (one.kind) {
    case "heading":
      // A note's first heading stands below the page's own two.
      return html`<${`h${Math.min(6, one.level + 2)}`} class=${`level-${one.level}`}>${one.inside.map(inline)}<//>`;
    case "paragraph":
      return html`<p>${one.inside.map(inline)}</p>`;
    case "code":
      return html`<pre class="code" tabindex="0"><code>${one.text}</code></pre>`;
    case "quote":
      return html`<blockquote>${one.inside.map(block)}</blockquote>`;
    case "rule":
      return html`<hr />`;
    case "table":
      return html`<div class="scroll"><table class="plain">
        <thead><tr>${one.head.map((cell, at) => html`<th style=${{ textAlign: one.align[at] }}>${cell.map(inline)}</th>`)}</tr></thead>
        <tbody>${one.rows.map((row) => html`<tr>${row.map((cell, at) => html`<td style=${{ textAlign: one.align[at] }}>${cell.map(inline)}</td>`)}</tr>`)}</tbody>
      </table></div>`;
    case "list": {
      const items = one.items.map((item) => html`<li class=${item.task === undefined ? "" : "task"}>${item.task !== undefined && html`<input type="checkbox" disabled checked=${item.task} aria-label=${item.task ? "done" : "to do"} />`}${tight(item.inside)}</li>`);
      return one.ordered ? html`<ol start=${one.start}>${items}</ol>` : html`<ul>${items}</ul>`;
    }
  }
}

/** An item that begins with a paragraph has it without the space around. @param {Block[]} inside */
const tight = (inside) => inside.map((one, at) => (at === 0 && one.kind === "paragraph" ? html`<span>${one.inside.map(inline)}</span>` : block(one)));

/** @param {Inline} one @returns {any} */
function inline(one) {
  switch (one.kind) {
    case "text":
      return one.text;
    case "code":
      return html`<code>${one.text}</code>`;
    case "break":
      return html`<br />`;
    case "link":
      return one.href.startsWith("#") ? html`<a href=${one.href}>${one.inside.map(inline)}</a>` : html`<a href=${one.href} target="_blank" rel="noopener noreferrer">${one.inside.map(inline)}</a>`;
    default:
      return html`<${one.kind}>${one.inside.map(inline)}<//>`;
  }
}
