/** What can be done with one run, at the place where it was asked for: a press on its "⋯", the right mouse button, or the key m. */

import { get, post } from "../ground/api.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../ground/html.js";
import { go } from "../ground/route.js";
import { copied } from "../parts/code.js";
import { ask } from "../parts/dialog.js";
import { say } from "../parts/toasts.js";
import { compare, remove, restore, tag } from "./bulk.js";
import { end, underWay } from "./ending.js";
import { heard } from "./status.js";

const NOTE = "mlflow.note.content";
const EDGE = 8;

/** @param {import("./columns.js").Run} run @param {() => void} done */
export async function editNotes(run, done) {
  const { run: whole } = await get("/mlflow/runs/get", { run_id: run.run_id });
  const before = whole.data?.tags?.find((/** @type {any} */ one) => one.key === NOTE)?.value ?? "";
  ask({
    title: `Notes on ${run.run_name || run.run_id}`, act: "Save",
    fields: [{ label: "Markdown", name: "text", value: before, lines: 10, optional: true }],
    then: async ({ text }) => {
      await post("/mlflow/runs/set-tag", { run_id: run.run_id, key: NOTE, value: text });
      done();
      say("Notes saved");
    },
  });
}

/** @param {string} run_id @param {string} run_name */
export const rename = (run_id, run_name) => post("/mlflow/runs/update", { run_id, run_name });

/**
 * @param {{
 *   run: import("./columns.js").Run, at: {x: number, y: number}, close: () => void, changed: () => void, gone: () => void, naming: () => void,
 *   chosen: string[], experiments: string[], deleted: boolean,
 * }} props
 *   naming: its name is to be changed in its place; chosen: what it can be compared with
 */
export function RowMenu({ run, at, close, changed, gone, naming, chosen, experiments, deleted }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [place, setPlace] = useState(at);
  useLayoutEffect(() => {
    const { width, height } = /** @type {HTMLDivElement} */ (box.current).getBoundingClientRect();
    setPlace({ x: Math.max(EDGE, Math.min(at.x, window.innerWidth - width - EDGE)), y: Math.max(EDGE, Math.min(at.y, window.innerHeight - height - EDGE)) });
  }, [at]);
  useEffect(() => {
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    box.current?.querySelector("button")?.focus();
    /** @param {Event} event */
    const away = (event) => box.current?.contains(/** @type {Node} */ (event.target)) || close();
    document.addEventListener("pointerdown", away);
    document.addEventListener("scroll", close, true);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("scroll", close, true);
      if (document.activeElement === document.body) before?.focus?.();
    };
  }, []);
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    event.stopPropagation();
    if (event.key === "Escape" || event.key === "Tab") close();
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const all = /** @type {HTMLElement[]} */ ([...(box.current?.querySelectorAll("button") ?? [])]);
    const from = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    all[(from + (event.key === "ArrowDown" ? 1 : all.length - 1)) % all.length]?.focus();
  };
  const name = run.run_name || run.run_id;
  const others = chosen.filter((id) => id !== run.run_id);
  /** @param {any} text @param {() => unknown} act @param {string} [how] */
  const item = (text, act, how) => html`<button type="button" role="menuitem" class=${how ?? ""} onClick=${() => (close(), act())}>${text}</button>`;
  return html`<div class="list floating" role="menu" aria-label=${`What can be done with ${name}`} ref=${box} style=${{ left: `${place.x}px`, top: `${place.y}px` }} onKeyDown=${onKey}>
    ${item("Open", () => go(["experiments", run.experiment_id, "runs", run.run_id]))}
    ${item("Rename", naming)}
    ${item("Notes…", () => editNotes(run, changed).catch((error) => say(error.message, { bad: true })))}
    ${item("Tag…", () => tag([run.run_id], changed))}
    ${item("Copy its id", () => copied(run.run_id).then(() => say("Id copied")))}
    ${others.length > 0 && item(`Compare with ${others.length} chosen`, () => compare([run.run_id, ...others], experiments))}
    ${!deleted && underWay(run.status) && item("Mark as killed…", () => end(run, "KILLED", heard.value.get(run.run_id), changed))}
    ${!deleted && underWay(run.status) && item("Mark as failed…", () => end(run, "FAILED", heard.value.get(run.run_id), changed))}
    <hr />
    ${deleted ? item("Restore", () => restore([run.run_id], gone)) : item("Delete", () => remove([run.run_id], gone), "bad")}
  </div>`;
}
