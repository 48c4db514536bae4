/** What was changed of a model: who, when, from what to what. */

import { useAnswer } from "../ground/api.js";
import { ago, when } from "../ground/format.js";
import { html, useState } from "../ground/html.js";
import { link } from "../ground/route.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { changesOf } from "./asking.js";

const FIRST = 20;

/** @type {Record<string, string>} */
const WORDS = { created: "Made", renamed: "Renamed", deleted: "Deleted", description: "Description", tag: "Tag", alias: "Alias", stage: "Stage", protected: "Protected", unprotected: "No longer protected" };

/** @param {import("./asking.js").Change} change */
function subject({ kind, key }) {
  const mark = kind === "alias" || /protected/.test(kind) ? "@" : "";
  return key ? html`${WORDS[kind] ?? kind} <code>${mark}${key}</code>` : (WORDS[kind] ?? kind);
}

/** @param {{change: import("./asking.js").Change, text?: string}} props */
function Value({ change, text }) {
  if (text === undefined || text === null) return html`<span class="quiet">–</span>`;
  if (change.kind === "alias") return html`version ${text}`;
  if (/protected/.test(change.kind)) return text || "nobody";
  return html`<span class="two-lines" title=${text}>${text || "''"}</span>`;
}

/** @param {{name: string, version?: string, turn: unknown}} props turn: changes with what is shown, so that it is asked for anew */
export function History({ name, version, turn }) {
  const [all, setAll] = useState(false);
  const { data, error, again } = useAnswer(["changes", name, version ?? "", turn], (signal) => changesOf(name, version, signal));
  if (error && !data) return html`<${Trouble} error=${error} again=${again} />`;
  const shown = all ? data : data?.slice(0, FIRST);
  return html`<section class="card"><header><h2 class="grow">Changes <span class="quiet small">${data?.length ?? ""}</span></h2></header>
    ${!shown
      ? html`<div class="inside"><${Skeleton} rows=${4} /></div>`
      : html`<div class="scroll"><table class="plain history">
        <thead><tr><th>When</th><th>Who</th>${!version && html`<th>Version</th>`}<th>What</th><th>From</th><th>To</th></tr></thead>
        <tbody>${shown.map((change, at) => html`<tr key=${at}>
          <td class="nowrap quiet"><time title=${when(change.time)}>${ago(change.time)}</time></td>
          <td class="nowrap">${change.user_id || html`<span class="quiet" title="A server does not know who asks it">–</span>`}</td>
          ${!version && html`<td>${change.version ? html`<a href=${link(["models", name, "versions", change.version])}>${change.version}</a>` : ""}</td>`}
          <td>${subject(change)}</td><td><${Value} change=${change} text=${change.old} /></td><td><${Value} change=${change} text=${change.new} /></td>
        </tr>`)}</tbody>
      </table></div>
      ${data && data.length > FIRST && !all && html`<p class="inside"><button type="button" class="plain" onClick=${() => setAll(true)}>All ${data.length.toLocaleString("en")} changes</button></p>`}`}
  </section>`;
}
