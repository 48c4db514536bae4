/** A run's name, state, and what can be done with it. */

import { post } from "../ground/api.js";
import { colour } from "../ground/colours.js";
import { ago, duration, when } from "../ground/format.js";
import { html, useEffect, useState } from "../ground/html.js";
import { favourites, toggleFavourite } from "../ground/kept.js";
import { copied } from "../parts/code.js";
import { Editable } from "../parts/editable.js";
import { Heading } from "../parts/heading.js";
import { Menu } from "../parts/menu.js";
import { say, tried } from "../parts/toasts.js";
import { end, silent, underWay } from "../runs/ending.js";

/** @param {{run: any, tags: Map<string, string>, again: () => unknown}} props */
export function Head({ run, tags, again }) {
  const { info } = run;
  const deleted = info.lifecycle_stage === "deleted";
  const liked = favourites.value.includes(`run:${info.run_id}`);
  const started = Number(info.start_time ?? 0);
  const heard = (run.data?.metrics ?? []).reduce((/** @type {number} */ last, /** @type {any} */ { timestamp }) => Math.max(last, Number(timestamp ?? 0)), 0);
  const still = useStill(info.status, heard || started);
  const who = tags.get("mlflow.user") || info.user_id;
  const where = tags.get("runstone.host");
  const rename = async (/** @type {string} */ name) => {
    await post("/mlflow/runs/update", { run_id: info.run_id, run_name: name });
    await again();
  };
  const restore = async () => {
    await tried(() => post("/mlflow/runs/restore", { run_id: info.run_id }), "The run is back");
    again();
  };
  const remove = async () => {
    if ((await tried(() => post("/mlflow/runs/delete", { run_id: info.run_id }))) === undefined) return;
    again();
    say("The run is deleted", { undo: restore });
  };
  const copy = async (/** @type {string} */ text, /** @type {string} */ done) => {
    await copied(text);
    say(done);
  };
  /** @param {"KILLED" | "FAILED" | "FINISHED"} status */
  const ended = (status) => end(info, status, heard || undefined, again);
  return html`<div class="head">
    <span class="dot" style=${{ color: colour(info.run_id, tags.get("mlflow.runColor")), width: "12px", height: "12px" }} />
    <${Editable} value=${info.run_name ?? ""} label="the name" save=${rename}><${Heading} text=${info.run_name || info.run_id} within="run" /><//>
    <span class=${`status ${still ? "SILENT" : info.status}`}>${info.status.toLowerCase()}${still && html` <span aria-hidden="true">?</span>`}</span>
    ${deleted && html`<span class="tag">deleted</span>`}
    <span class="quiet"><time title=${when(started)}>${ago(started)}</time>${started && !((Number(info.end_time) || Infinity) < started) ? html` · <${Took} from=${started} to=${info.end_time ? Number(info.end_time) : null} />` : ""}${who ? ` · ${who}` : ""}${where ? ` on ${where}` : ""}</span>
    <span class="acts">${deleted && html`<button type="button" class="main" onClick=${restore}>Restore</button>`}
    <button type="button" class="plain star" aria-pressed=${liked} aria-label="Favourite" onClick=${() => toggleFavourite(`run:${info.run_id}`)}>${liked ? "★" : "☆"}</button>
    <${Menu} label="⋯" title="More" right>
      <button type="button" onClick=${() => copy(info.run_id, "The id is copied")}>Copy the id</button>
      <button type="button" onClick=${() => copy(window.location.href, "The link is copied")}>Copy a link</button>
      ${underWay(info.status) && html`<hr /><button type="button" onClick=${() => ended("KILLED")}>Mark as killed…</button><button type="button" onClick=${() => ended("FAILED")}>Mark as failed…</button><button type="button" onClick=${() => ended("FINISHED")}>Mark as finished…</button>`}
      <hr />
      ${deleted ? html`<button type="button" onClick=${restore}>Restore</button>` : html`<button type="button" class="bad" onClick=${remove}>Delete</button>`}
    <//></span>
  </div>
  ${still && html`<div class="note warn row wrap" role="status"><span class="grow">Nothing has been heard of this run for ${duration(Date.now() - (heard || started))}: ${heard ? `its last point came at ${when(heard)}` : `it has logged no metric since it started at ${when(started)}`}.
      It may be busy, or cut off from this server. If its machine is gone, it never says how it ended.</span>
    <button type="button" onClick=${() => ended("KILLED")}>Mark as killed…</button><button type="button" onClick=${() => ended("FAILED")}>Mark as failed…</button></div>`}`;
}

/** Whether a run has become silent; looked at again as time goes by. @param {string} status @param {number} heard */
function useStill(status, heard) {
  const [, tick] = useState(0);
  const running = underWay(status);
  useEffect(() => {
    if (!running) return undefined;
    const timer = window.setInterval(() => tick((before) => before + 1), 10_000);
    return () => window.clearInterval(timer);
  }, [running]);
  return silent(status, heard);
}

/** How long it took; of a run under way, how long it has been: counted on. @param {{from: number, to: number | null}} props */
function Took({ from, to }) {
  const [, setTurn] = useState(0);
  useEffect(() => {
    if (to !== null) return undefined;
    const timer = window.setInterval(() => setTurn((before) => before + 1), 1_000);
    return () => window.clearInterval(timer);
  }, [to]);
  return html`<span class="number">${duration((to ?? Date.now()) - from)}</span>`;
}
