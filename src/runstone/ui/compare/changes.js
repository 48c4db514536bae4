/** How a text became another, shown line by line. */

import { html, useMemo, useState } from "../ground/html.js";
import { compared, pieces, split } from "./lines.js";

const SIGNS = { same: " ", less: "−", more: "+" };
const SAID = { same: "", less: "only in the first: ", more: "only in the second: " };
/** Lines that are drawn at first. */
const MOST = 2_000;

/** @param {{left: string, right: string, label: string}} props */
export function Changes({ left, right, label }) {
  const [around, setAround] = useState(3);
  const lines = useMemo(() => compared(split(left), split(right)), [left, right]);
  const less = lines.filter((line) => line.kind === "less").length;
  const more = lines.filter((line) => line.kind === "more").length;
  const shown = useMemo(() => pieces(lines.slice(0, 50_000), around), [lines, around]);
  if (less + more === 0) return html`<p class="quiet inside-card">The same, line by line.</p>`;
  let room = MOST;
  return html`<div class="changes">
    <p class="row small"><span class="good">+${more.toLocaleString("en")}</span><span class="bad">−${less.toLocaleString("en")}</span><span class="quiet grow">lines</span>
      <button type="button" class="plain small" aria-pressed=${around > 3} onClick=${() => setAround(around > 3 ? 3 : 100_000)}>All lines</button></p>
    <div class="scroll" tabindex="0" role="region" aria-label=${label}><table class="lines"><tbody>
      ${shown.map((piece) => {
        if (room <= 0) return null;
        const some = piece.lines.slice(0, room);
        room -= some.length;
        return html`${piece.before > 0 && html`<tr class="gap"><td colspan="3">${piece.before.toLocaleString("en")} ${piece.before === 1 ? "line that is" : "lines that are"} the same</td></tr>`}
          ${some.map((line) => html`<tr class=${line.kind}><td class="count">${line.left || ""}</td><td class="count">${line.right || ""}</td>
            <td><span aria-hidden="true">${SIGNS[line.kind]} </span>${SAID[line.kind] && html`<span class="hidden">${SAID[line.kind]}</span>`}${line.text}</td></tr>`)}`;
      })}
    </tbody></table></div>
    ${room <= 0 && html`<p class="quiet small">The first ${MOST.toLocaleString("en")} lines are shown.</p>`}
  </div>`;
}
