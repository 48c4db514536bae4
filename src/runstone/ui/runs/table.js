/** The table of runs itself: its columns, what the keyboard does, a row's menu. */

import { html, useMemo, useRef, useState } from "../ground/html.js";
import { kept } from "../ground/kept.js";
import { useKeys } from "../ground/keys.js";
import { go } from "../ground/route.js";
import { Grid } from "../parts/grid.js";
import { tried } from "../parts/toasts.js";
import { compare } from "./bulk.js";
import { asked, chosen, own, written } from "./columns.js";
import { RunName } from "./name.js";
import { order, set } from "./query.js";
import { useChanged } from "./resting.js";
import { rename, RowMenu } from "./rowmenu.js";

/** How wide columns are, by their ids. */
export const widths = kept("widths", /** @type {Record<string, number>} */ ({}));

/** @param {string} id @param {number} width */
export const widen = (id, width) => (widths.value = { ...widths.value, [id]: width });

/**
 * @param {{
 *   spot: import("./resting.js").Spot,
 *   seen: import("./query.js").Seen, columns: import("./columns.js").Column[], list: ReturnType<typeof import("./rows.js").useRuns>,
 *   picking: ReturnType<typeof import("./picking.js").usePicked>, nested: boolean, open: string[], setOpen: (open: string[]) => void,
 *   drawn: Set<string> | null, draw: (run_id: string) => void, experiments: string[], names: Record<string, string> | null,
 * }} props
 *   drawn: which runs the charts beside it draw; names: of experiments, where there are several
 */
export function Table({ spot, seen, columns, list, picking, nested: mayNest, open, setOpen, drawn, draw, experiments, names }) {
  const { picked, pick, all, clear } = picking;
  const [at, showAt] = useState(spot.at);
  // Keys come faster than rows are drawn: what counts is where the last one led.
  const place = useRef(spot.at);
  /** @param {number} next */
  const setAt = (next) => {
    spot.at = place.current = next;
    showAt(next);
  };
  const [naming, setNaming] = useState("");
  const [menu, setMenu] = useState(/** @type {{run: import("./columns.js").Run, at: {x: number, y: number}} | null} */ (null));
  const total = list.total ?? 0;
  // Only where some run stands below another there is a place for what unfolds them.
  const nested = mayNest && (list.found !== total || open.length > 0);
  const anew = JSON.stringify([seen.filter, seen.sort, seen.descending, seen.deleted]);
  useChanged(() => setAt(-1), anew);
  const here = () => (place.current >= 0 ? list.row(place.current) : undefined);
  /** Something with the run where the keyboard is. @param {(run: import("./columns.js").Run) => void} act */
  const withHere = (act) => {
    const run = here();
    if (run) act(run);
  };

  /** @param {import("./columns.js").Run} run */
  const fold = (run) => setOpen(open.includes(run.run_id) ? open.filter((id) => id !== run.run_id) : [...open, run.run_id]);
  /** @param {number} number */
  const menuAt = (number) => {
    const row = document.querySelector(`.grid-row[data-row="${number}"]`)?.getBoundingClientRect();
    const run = list.row(number);
    if (run && row) setMenu({ run, at: { x: Math.max(row.left, 0) + 40, y: row.bottom } });
  };
  useKeys([
    { keys: "j ArrowDown", does: "Next run", run: () => setAt(Math.min(place.current + 1, total - 1)) },
    { keys: "k ArrowUp", does: "Previous run", run: () => setAt(Math.max(place.current - 1, 0)) },
    { keys: "x", does: "Choose the run", run: () => pick(place.current) },
    { keys: "X", does: "Choose all from the last chosen run to this", run: () => pick(place.current, true) },
    { keys: "Enter o", does: "Open the run", run: () => withHere((run) => go(["experiments", run.experiment_id, "runs", run.run_id])) },
    { keys: "m", does: "What can be done with the run", run: () => menuAt(place.current) },
    { keys: "F2", does: "Rename the run", run: () => withHere((run) => setNaming(run.run_id)) },
    { keys: "c", does: "Compare the chosen runs", run: () => picked.size > 1 && compare([...picked.keys()], experiments) },
    ...(nested ? [{ keys: "ArrowRight ArrowLeft", does: "Unfold or fold the run", run: () => withHere((run) => (run.children ?? 0) > 0 && fold(run)) }] : []),
  ]);

  /** @param {import("./columns.js").Run} run @param {string | null} name */
  const renamed = async (run, name) => {
    setNaming("");
    if (name !== null && (await tried(() => rename(run.run_id, name)))) list.refresh();
  };
  const settled = asked(columns).map(written).join("\n"); // which value is the best may be said anew
  const shown = useMemo(() => {
    const inner = chosen(columns, widths.value, seen.pins);
    return [
      {
        id: "pick", width: 34, fixed: true,
        title: html`<input type="checkbox" aria-label="Choose all that the filter finds" checked=${picked.size > 0 && picked.size >= list.found} indeterminate=${picked.size > 0 && picked.size < list.found} onChange=${() => (picked.size > 0 ? clear() : all())} />`,
        cell: (/** @type {any} */ run, /** @type {number} */ number) => html`<input type="checkbox" aria-label=${`Choose ${run.run_name}`} checked=${picked.has(run.run_id)} onClick=${(/** @type {MouseEvent} */ event) => pick(number, event.shiftKey)} />`,
      },
      {
        id: "name", title: "Run", width: Math.min(widths.value.name ?? 240, 0.48 * window.innerWidth), fixed: true, sort: "attributes.run_name",
        cell: (/** @type {any} */ run) => html`<${RunName} run=${run} open=${open.includes(run.run_id)} onOpen=${nested ? () => fold(run) : undefined} drawn=${drawn?.has(run.run_id)} onDraw=${drawn ? () => draw(run.run_id) : undefined}
          renaming=${naming === run.run_id} rename=${(/** @type {string | null} */ name) => renamed(run, name)} menu=${(/** @type {{x: number, y: number}} */ place) => setMenu({ run, at: place })} />`,
      },
      ...inner.filter((column) => column.fixed),
      ...own(widths.value, names),
      ...inner.filter((column) => !column.fixed),
    ];
  }, [columns, settled, widths.value, picked, list.found, open, nested, naming, seen.pins, drawn, names]);

  /** A column to before another; at the end where that is null. @param {string} id @param {string | null} before */
  const move = (id, before) => {
    const one = columns.find((column) => written(column) === id);
    if (!one) return;
    const next = columns.filter((column) => column !== one);
    const place = before === null ? -1 : next.findIndex((column) => written(column) === before);
    next.splice(place < 0 ? next.length : place, 0, one);
    set({ columns: next });
  };
  return html`<div class="card grow table-card">
    <${Grid} label="Runs" spot=${spot} columns=${shown} total=${list.total ?? 20} row=${list.row} want=${list.want} sorted=${seen.sort} descending=${seen.descending} onSort=${(/** @type {string} */ by) => order(seen, by)}
      onWidth=${widen} onMove=${move} at=${at} onAt=${setAt} rowClass=${(/** @type {any} */ run) => (picked.has(run.run_id) ? "chosen" : "")} anew=${anew}
      onMenu=${(/** @type {any} */ run, /** @type {number} */ number, /** @type {MouseEvent} */ event) => (setAt(number), setMenu({ run, at: { x: event.clientX, y: event.clientY } }))}
      onDouble=${(/** @type {any} */ run, /** @type {number} */ _, /** @type {string} */ id) => id === "name" && setNaming(run.run_id)} />
    ${menu && html`<${RowMenu} run=${menu.run} at=${menu.at} close=${() => setMenu(null)} changed=${list.refresh} gone=${() => (clear(), list.again())} naming=${() => setNaming(menu.run.run_id)}
      chosen=${[...picked.keys()]} experiments=${experiments} deleted=${seen.deleted} />`}
  </div>`;
}
