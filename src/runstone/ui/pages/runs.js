/** The runs of one or several experiments: a table over all of them, and charts of those one looks at. */

import { get, post, Refused, useAnswer } from "../ground/api.js";
import { counted } from "../ground/format.js";
import { html, useCallback, useEffect, useMemo, useRef, useState } from "../ground/html.js";
import { kept } from "../ground/kept.js";
import { useKeys } from "../ground/keys.js";
import { usePulse } from "../ground/live.js";
import { change, go, link } from "../ground/route.js";
import { Grid, useWindows } from "../parts/grid.js";
import { Menu } from "../parts/menu.js";
import { Empty, Skeleton, Trouble } from "../parts/states.js";
import { Crumbs } from "../parts/tabs.js";
import { Bulk } from "../runs/bulk.js";
import { Chooser } from "../runs/chooser.js";
import { chosen, own, read, RunName, usual, written } from "../runs/columns.js";
import { FilterBar } from "../runs/filter.js";
import { read as readLook, set as setLook } from "../charts/look.js";
import { Board } from "../charts/board.js";

const widths = kept("widths", /** @type {Record<string, number>} */ ({}));

/** Runs that are drawn where none are chosen. */
const CHARTED = 100;

/** @param {{view: string}} props */
function View({ view }) {
  return html`<span class="buttons" role="group" aria-label="View">
    ${["table", "charts"].map((one) => html`<button type="button" aria-pressed=${view === one} onClick=${() => change({ view: one === "table" ? null : one })}>${one}</button>`)}
  </span>`;
}

/** @param {string} name */
const begin = (name) => `import runstone

runstone.set_experiment(${JSON.stringify(name)})
with runstone.start_run():
    runstone.log_metric("loss", 0.5, step=1)`;

/** @param {{parts: {ids: string}, query: URLSearchParams}} props */
export default function Runs({ parts, query }) {
  const experiments = parts.ids.split(",");
  const about = useAnswer(["experiments", ...experiments], (signal) => Promise.all(experiments.map((experiment_id) => get("/mlflow/experiments/get", { experiment_id }, signal))));
  const keys = useAnswer(["columns", ...experiments], (signal) => post("/runstone/runs/columns", { experiment_ids: experiments }, { signal }));
  if (about.error) return html`<${Trouble} error=${about.error} again=${about.again} />`;
  if (keys.error) return html`<${Trouble} error=${keys.error} again=${keys.again} />`;
  const names = about.data?.map((one) => one.experiment.name) ?? [];
  return html`
    <${Crumbs} trail=${[{ name: "Experiments", href: link(["experiments"]) }, { name: names.join(", ") || "…" }]} />
    ${keys.data ? html`<${Table} experiments=${experiments} names=${names} keys=${whole(keys.data)} query=${query} />` : html`<${Skeleton} rows=${12} />`}
  `;
}

/** @param {any} keys */
const whole = (keys) => ({ params: keys.params ?? [], metrics: keys.metrics ?? [], tags: keys.tags ?? [] });

/** @param {{experiments: string[], names: string[], keys: import("../runs/columns.js").Keys, query: URLSearchParams}} props */
function Table({ experiments, names, keys, query }) {
  const filter = query.get("filter") ?? "";
  const sort = query.get("sort") ?? "attributes.start_time";
  const descending = query.get("order") !== "asc";
  const deleted = query.get("state") === "deleted";
  const told = query.get("columns");
  const columns = useMemo(
    () => (told === null ? usual(keys) : /** @type {any[]} */ (told.split("\n").filter(Boolean).map(read).filter(Boolean))),
    [told, keys],
  );
  const [turn, setTurn] = useState(0);
  const { pulse } = usePulse(experiments);
  const [picked, setPicked] = useState(/** @type {Set<string>} */ (new Set()));
  const [at, setAt] = useState(-1);
  const stamp = useRef("");
  const [all, setAll] = useState(0);

  const asked = { experiment_ids: experiments, filter, run_view_type: deleted ? "DELETED_ONLY" : "ACTIVE_ONLY", order_by: [`${sort} ${descending ? "DESC" : "ASC"}`], columns };
  const list = useWindows([asked, turn], async (offset, limit, signal) => {
    const answer = await post("/runstone/runs/table", { ...asked, offset, limit, stamp: offset === 0 ? "" : stamp.current }, { signal });
    stamp.current = answer.stamp;
    setAll(answer.all ?? 0);
    return { rows: answer.rows ?? [], total: answer.total ?? 0 };
  });
  const again = useCallback(() => setTurn((before) => before + 1), []);
  useEffect(() => setAt(-1), [filter, sort, descending]);

  /** @param {import("../runs/columns.js").Run} run */
  const pick = (run) => {
    const next = new Set(picked);
    if (!next.delete(run.run_id)) next.add(run.run_id);
    setPicked(next);
  };
  const total = list.total ?? 0;
  useKeys([
    { keys: "/", does: "Go to the filter", run: () => document.getElementById("filter")?.focus() },
    { keys: "j ArrowDown", does: "Next run", run: () => setAt(Math.min(at + 1, total - 1)) },
    { keys: "k ArrowUp", does: "Previous run", run: () => setAt(Math.max(at - 1, 0)) },
    { keys: "x", does: "Choose the run", run: () => list.row(at) && pick(list.row(at)) },
    { keys: "Enter o", does: "Open the run", run: () => list.row(at) && go(["experiments", list.row(at).experiment_id, "runs", list.row(at).run_id]) },
    { keys: "c", does: "Compare the chosen runs", run: () => picked.size > 1 && go(["compare-runs"], { runs: JSON.stringify([...picked]), experiments: JSON.stringify(experiments) }) },
  ]);

  const shown = useMemo(
    () => [
      {
        id: "pick", title: html`<span class="hidden">Choose</span>`, width: 34, fixed: true,
        cell: (/** @type {any} */ run) => html`<input type="checkbox" aria-label=${`Choose ${run.run_name}`} checked=${picked.has(run.run_id)} onChange=${() => pick(run)} />`,
      },
      { id: "name", title: "Run", width: widths.value.name ?? 220, fixed: true, sort: "attributes.run_name", cell: (/** @type {any} */ run) => html`<${RunName} run=${run} />` },
      ...own(widths.value),
      ...chosen(columns, widths.value),
    ],
    [columns, widths.value, picked],
  );
  /** @param {string} by */
  const order = (by) => change(by === sort ? { order: descending ? "asc" : null } : { sort: by, order: by === "attributes.run_name" ? "asc" : null });
  const view = query.get("view") ?? "table";
  const drawn = useMemo(() => {
    const rows = [];
    for (let number = 0; rows.length < CHARTED && number < Math.min(total, 1000); number += 1) {
      const run = list.row(number);
      if (run && (picked.size === 0 || picked.has(run.run_id))) rows.push(run);
    }
    return rows;
  }, [list.loaded, total, picked]);
  const mistaken = list.error instanceof Refused && list.error.status === 400 ? list.error : undefined;
  return html`
    <div class="head">
      <h1>${names.join(", ") || "…"}</h1>
      <span class="quiet">${list.total === undefined ? "" : filter ? `${total.toLocaleString("en")} of ${counted(all, "run")}` : counted(total, "run")}</span>
    </div>
    <div class="row wrap">
      <${FilterBar} value=${filter} keys=${keys} error=${mistaken} set=${(/** @type {string} */ text) => change({ filter: text || null }, { push: true })} />
      <${Menu} label="Columns" stays right><${Chooser} keys=${keys} columns=${columns} set=${(/** @type {any[] | null} */ next) => change({ columns: next === null ? null : next.map(written).join("\n") || "\n" })} /><//>
      <button type="button" aria-pressed=${deleted} onClick=${() => change({ state: deleted ? null : "deleted" })}>Deleted</button>
      <button type="button" title="Ask anew" aria-label="Ask anew" onClick=${again}>↻</button>
    </div>
    <${Bulk} ids=${[...picked]} experiments=${experiments} deleted=${deleted} done=${again} clear=${() => setPicked(new Set())} />
    <${View} view=${view} />
    ${view !== "table" && html`<${Board} runs=${drawn} keys=${keys.metrics.map(({ key }) => key)} look=${readLook(query)} set=${setLook} pulse=${pulse} place=${experiments.join(",")} />`}
    ${list.error && !mistaken && html`<${Trouble} error=${list.error} again=${again} />`}
    ${list.total === 0 && !filter && !deleted
      ? html`<${Empty} title="No runs yet" code=${begin(names[0] ?? "Default")}>The first one appears here as soon as it starts.<//>`
      : list.total === 0
        ? html`<${Empty} title="No run fits">${filter ? "Change the filter, or clear it." : "Nothing is deleted here."}<//>`
        : view === "table" && html`<div class="card grow table-card"><${Grid} label="Runs" columns=${shown} total=${total || 20} row=${list.row} want=${list.want} sorted=${sort} descending=${descending} onSort=${order}
            onWidth=${(/** @type {string} */ id, /** @type {number} */ width) => (widths.value = { ...widths.value, [id]: width })}
            at=${at} onAt=${setAt} rowClass=${(/** @type {any} */ run) => (picked.has(run.run_id) ? "chosen" : "")} /></div>`}
  `;
}
