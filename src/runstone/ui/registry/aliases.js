/** Aliases: what they mean, and how they are moved. Before one is moved the dialog says what it means now and what it will mean. */

import { post } from "../ground/api.js";
import { classes, html, signal, useState } from "../ground/html.js";
import { link } from "../ground/route.js";
import { Above } from "../parts/dialog.js";
import { say } from "../parts/toasts.js";
import { guarding } from "./asking.js";

/** @typedef {{name: string, alias: string, version: string | null, aliases: import("./asking.js").Alias[], versions: string[], protections: import("./asking.js").Protection[], again: () => void}} Move */

/** @type {import("@preact/signals").Signal<Move | null>} */
const asked = signal(null);

/**
 * Ask for an alias to be moved.
 * @param {Move} move alias: "" for one that is named in the dialog; version: where it is to lead, null to take it away
 */
export function moveAlias(move) {
  asked.value = move;
}

/** Where the dialog is drawn; once in a page of models. */
export function AliasDialog() {
  const move = asked.value;
  return move && html`<${Box} key=${`${move.name}/${move.alias}/${move.version}`} move=${move} close=${() => (asked.value = null)} />`;
}

/** @param {{move: Move, close: () => void}} props */
function Box({ move, close }) {
  const { name, aliases, versions, again } = move;
  const [alias, setAlias] = useState(move.alias);
  const [version, setVersion] = useState(move.version);
  const [sure, setSure] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const now = aliases.find((one) => one.alias === alias)?.version;
  const guards = guarding(move.protections, alias);
  const guarded = guards.length > 0 || error?.code === "PERMISSION_DENIED";
  const away = move.version === null;
  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      if (away) await post("/mlflow/registered-models/alias", { name, alias, confirm: sure }, { method: "DELETE" });
      else await post("/mlflow/registered-models/alias", { name, alias, version, confirm: sure });
      say(away ? `@${alias} is gone` : `@${alias} means version ${version}`);
      close();
      again();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  const title = away ? `Take @${alias} away` : now && move.alias ? `Move @${alias}` : "Set an alias";
  return html`<${Above} label=${title} close=${close}><form onSubmit=${submit}>
    <h2>${title}</h2>
    ${!move.alias && html`<label class="field">Alias<input type="text" required autocomplete="off" list="aliases-there" value=${alias} onInput=${(/** @type {any} */ event) => (setAlias(event.target.value), setError(null))} />
      <datalist id="aliases-there">${aliases.map((one) => html`<option value=${one.alias} />`)}</datalist></label>`}
    ${!away && html`<label class="field">Version<select value=${version} onChange=${(/** @type {any} */ event) => setVersion(event.target.value)}>${versions.map((one) => html`<option value=${one}>${one}</option>`)}</select></label>`}
    ${alias && html`<dl class="facts before-after">
      <dt>Now</dt><dd>${now ? html`<code>@${alias}</code> means version <strong>${now}</strong>` : html`<code>@${alias}</code> means nothing`}</dd>
      <dt>Then</dt><dd>${away ? html`<code>@${alias}</code> means nothing: whoever loads <code>models:/${name}@${alias}</code> gets an error` : html`<code>@${alias}</code> means version <strong>${version}</strong>${now === version ? ", as it does" : ""}`}</dd>
    </dl>`}
    ${guarded && html`<div class="note warn column">
      <span>${guards.length > 0 ? `Protected${guards[0].pattern === alias ? "" : ` by ${guards[0].pattern}`}: ${guards[0].users.length > 0 ? `only ${guards[0].users.join(", ")} may move it unasked.` : "nobody moves it unasked."}` : "It is protected."}</span>
      <label><input type="checkbox" checked=${sure} onChange=${() => setSure(!sure)} /> I mean it</label>
    </div>`}
    ${error && html`<p class="note bad" role="alert">${error.message}</p>`}
    <footer><button type="button" onClick=${close}>Cancel</button>
      <button class=${away ? "bad" : "main"} disabled=${busy || !alias || (!away && now === version) || (guarded && !sure)}>${away ? "Take away" : now && now !== version ? `Move to version ${version}` : "Set"}</button></footer>
  </form><//>`;
}

/** @param {{name: string, alias: string, version?: string, guarded?: boolean}} props */
export function AliasChip({ name, alias, version, guarded }) {
  return html`<a class=${classes("tag", "alias", guarded && "guarded")} href=${version ? link(["models", name, "versions", version]) : undefined} title=${`models:/${name}@${alias}${guarded ? " (protected)" : ""}`}><span class="cut">@${alias}</span></a>`;
}
