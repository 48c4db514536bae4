/** What people wrote about a run, as Markdown: the tag mlflow.note.content, which MLflow's page shows as the description. */

import { post } from "../ground/api.js";
import { html, useEffect, useRef, useState } from "../ground/html.js";
import { Markdown } from "../parts/markdown.js";

export const NOTE = "mlflow.note.content";

/** @param {{run: string, text: string, again: () => void}} props */
export function Notes({ run, text: told, again }) {
  // What was saved stands there at once, before the run is read again.
  const [text, setText] = useState(told);
  useEffect(() => setText(told), [told]);
  const [draft, setDraft] = useState(/** @type {string | null} */ (null));
  const [seen, setSeen] = useState(false);
  const [error, setError] = useState("");
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const open = draft !== null;
  useEffect(() => field.current?.focus(), [open, seen]);
  const close = () => {
    setDraft(null);
    setSeen(false);
    setError("");
  };
  const save = async () => {
    try {
      if (draft !== text) await post("/mlflow/runs/set-tag", { run_id: run, key: NOTE, value: draft ?? "" });
      setText(draft ?? "");
      close();
      again();
    } catch (problem) {
      setError(/** @type {Error} */ (problem).message);
    }
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
    if (event.key === "Escape" && draft === text) close();
  };
  return html`<section class="card" aria-label="Notes"><header><h2 class="grow">Notes</h2>
    ${open
      ? html`<span class="buttons"><button type="button" aria-pressed=${!seen} onClick=${() => setSeen(false)}>Write</button><button type="button" aria-pressed=${seen} onClick=${() => setSeen(true)}>Preview</button></span>`
      : html`<button type="button" class="plain" onClick=${() => setDraft(text)}>${text ? "Edit" : "Add"}</button>`}</header>
    ${open
      ? html`<div class="inside column">
        ${seen
          ? html`<${Markdown} text=${draft} />`
          : html`<textarea ref=${field} class="mono" rows=${Math.min(24, Math.max(8, draft.split("\n").length + 1))} aria-label="Notes, in Markdown" placeholder="What was tried, what came of it. Markdown: **bold**, lists, [links](https://…), tables, code." value=${draft} onInput=${(/** @type {any} */ event) => setDraft(event.target.value)} onKeyDown=${onKey} />`}
        ${error && html`<p class="note bad" role="alert">${error}</p>`}
        <div class="row"><span class="grow" /><button type="button" onClick=${close}>Cancel</button><button type="button" class="main" title="Ctrl Enter" onClick=${save}>Save</button></div>
      </div>`
      : text
        ? html`<div class="inside"><${Markdown} text=${text} /></div>`
        : html`<p class="inside quiet">Nothing is written yet. <code>description=</code> of <code>start_run</code> writes here, too.</p>`}
  </section>`;
}
