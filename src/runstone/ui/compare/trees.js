/** Two files of values (JSON, YAML), member by member: where they differ. */

import { useAnswer } from "../ground/api.js";
import { counted } from "../ground/format.js";
import { html, useMemo } from "../ground/html.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { inspect } from "../previews/ask.js";
import { comparedMembers } from "./members.js";
import { file, text } from "./runs.js";

const DRAWN = 500;
export const YAML = /\.ya?ml$|(^|\/)(MLmodel|MLproject)$/i;

/** @param {string} owner @param {string} path @param {AbortSignal} signal @returns {Promise<any>} */
async function valueOf(owner, path, signal) {
  if (YAML.test(path)) {
    const { preview } = await inspect(owner, path, 0, 1, signal);
    if (preview.kind !== "yaml") throw new Error(preview.note);
    return unfolded(preview.value ?? null);
  }
  const content = await file(owner, path, signal);
  return content && JSON.parse(text(content));
}

/** A model's description has its signature as texts of JSON: column by column it says what changed. @param {any} value */
function unfolded(value) {
  if (typeof value?.signature !== "object" || value.signature === null) return value;
  const parts = Object.entries(value.signature).map(([name, part]) => {
    try {
      return [name, typeof part === "string" ? JSON.parse(part) : part];
    } catch {
      return [name, part];
    }
  });
  return { ...value, signature: Object.fromEntries(parts) };
}

/** @param {{path: string, owners: [string, string]}} props */
export function Trees({ path, owners }) {
  const { data, error, again } = useAnswer(["members", path, owners], (signal) => Promise.all(owners.map((owner) => valueOf(owner, path, signal))));
  const found = useMemo(() => data && comparedMembers(data[0], data[1]), [data]);
  if (error) return html`<${Trouble} error=${error} again=${again} />`;
  if (!found) return html`<${Skeleton} rows=${8} />`;
  return html`<div class="column">
    <p class="small quiet" role="status">${counted(found.lines.length, "value")} ${found.lines.length === 1 ? "differs" : "differ"}, ${found.alike.toLocaleString("en")} are the same${found.whole ? "" : "; of what is deep or long a part was compared"}.</p>
    ${found.lines.length > 0 && html`<div class="scroll cells" tabindex="0" role="region" aria-label="Values that differ"><table class="plain">
      <thead><tr><th>Where</th><th>First</th><th>Second</th></tr></thead>
      <tbody>${found.lines.slice(0, DRAWN).map(({ path: where, before, after }) => html`<tr key=${where}><td class="mono">${where || "all of it"}</td><td>${before === undefined ? html`<span class="quiet">–</span>` : html`<del>${before}</del>`}</td><td>${after === undefined ? html`<span class="quiet">–</span>` : html`<ins>${after}</ins>`}</td></tr>`)}</tbody>
    </table></div>`}
    ${found.lines.length > DRAWN && html`<p class="small quiet">The first ${DRAWN} are shown.</p>`}
  </div>`;
}
