/** A run's name, state, and what can be done with it. */

import { post } from "../ground/api.js";
import { colour } from "../ground/colours.js";
import { ago, duration, when } from "../ground/format.js";
import { html } from "../ground/html.js";
import { favourites, toggleFavourite } from "../ground/kept.js";
import { ask } from "../parts/dialog.js";
import { Heading } from "../parts/heading.js";
import { Menu } from "../parts/menu.js";
import { say, tried } from "../parts/toasts.js";

/** @param {{run: any, again: () => void}} props */
export function Head({ run, again }) {
  const { info } = run;
  const tags = new Map((run.data?.tags ?? []).map((/** @type {any} */ one) => [one.key, one.value]));
  const deleted = info.lifecycle_stage === "deleted";
  const liked = favourites.value.includes(`run:${info.run_id}`);
  const started = Number(info.start_time ?? 0);
  const rename = () =>
    ask({
      title: "Rename the run", act: "Rename", fields: [{ label: "Name", name: "name", value: info.run_name }],
      then: async ({ name }) => {
        await post("/mlflow/runs/update", { run_id: info.run_id, run_name: name });
        again();
      },
    });
  const tag = () =>
    ask({
      title: "Tag the run", act: "Set tag", fields: [{ label: "Key", name: "key" }, { label: "Value", name: "value", optional: true }],
      then: async ({ key, value }) => {
        await post("/mlflow/runs/set-tag", { run_id: info.run_id, key, value });
        again();
      },
    });
  const restore = async () => {
    await tried(() => post("/mlflow/runs/restore", { run_id: info.run_id }), "The run is back");
    again();
  };
  const remove = async () => {
    if ((await tried(() => post("/mlflow/runs/delete", { run_id: info.run_id }))) === undefined) return;
    again();
    say("The run is deleted", { undo: restore });
  };
  return html`<div class="head">
    <span class="dot" style=${{ color: colour(info.run_id, /** @type {any} */ (tags.get("mlflow.runColor"))), width: "12px", height: "12px" }} />
    <${Heading} text=${info.run_name || info.run_id} within="run" />
    <span class=${`status ${info.status}`}>${info.status.toLowerCase()}</span>
    ${deleted && html`<span class="tag">deleted</span>`}
    <span class="quiet"><time title=${when(started)}>${ago(started)}</time>${started ? ` · ${duration((Number(info.end_time) || Date.now()) - started)}` : ""}${info.user_id ? ` · ${info.user_id}` : ""}</span>
    <span class="grow" />
    <button type="button" class="plain star" aria-pressed=${liked} aria-label="Favourite" onClick=${() => toggleFavourite(`run:${info.run_id}`)}>${liked ? "★" : "☆"}</button>
    <${Menu} label="⋯" title="More" right>
      <button type="button" onClick=${rename}>Rename…</button>
      <button type="button" onClick=${tag}>Tag…</button>
      <hr />
      ${deleted ? html`<button type="button" onClick=${restore}>Restore</button>` : html`<button type="button" class="bad" onClick=${remove}>Delete</button>`}
    <//>
  </div>`;
}
