/** One chart: a metric of some runs, or several over each other. Dragging zooms, a double click shows all, the crosshair is that of all charts of a board. */

import { counted } from "../ground/format.js";
import { html, useEffect, useMemo, useRef, useState } from "../ground/html.js";
import { dark } from "../ground/kept.js";
import { Skeleton } from "../parts/states.js";
import { useWidth } from "../parts/width.js";
import { Bars } from "./bars.js";
import { asking, content } from "./content.js";
import { lines as fetchLines } from "./data.js";
import { columns, kind, plotted } from "./plot.js";
import { useReading } from "./reading.js";
import { readings, said, Tip } from "./tip.js";
import { giveUp, inTurn } from "./turns.js";

/**
 * @typedef {import("./content.js").Drawn} Drawn
 * @typedef {import("./content.js").Group} Group
 * @typedef {import("./content.js").Look} Look
 * @typedef {import("uplot")} uPlot
 * @typedef {{plot: uPlot | null, content: import("./content.js").Content, look: Look}} Shown what a chart shows, for who downloads it; no plot where there are bars
 */

export const HEIGHT = 220;

/**
 * @param {{
 *   metrics: string[], runs: Drawn[], look: Look, sync: string, zoom: (start: number | null, end: number | null) => void, groups?: Group[] | null,
 *   stamps?: Map<string, string>, inks?: string, height?: number, open?: () => void, shown?: (shown: Shown | null) => void, odd?: (count: number) => void,
 * }} props
 *   stamps: of runs that go on, what differs when they have new points; inks: differs when the runs' colours do; open: what Enter does; shown, odd: told what is drawn
 */
export function Panel({ metrics, runs, look, sync, zoom, groups = null, stamps, inks, height = HEIGHT, open, shown, odd }) {
  const [box, width] = useWidth();
  const canvas = useRef(/** @type {HTMLDivElement | null} */ (null));
  const plot = useRef(/** @type {{plot: uPlot, kind: string, seen: import("./plot.js").Seen, lines: unknown} | null} */ (null));
  const [got, setGot] = useState(/** @type {{told: import("./content.js").Told[], look: Look} | undefined} */ (undefined));
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const zooming = useRef(zoom);
  zooming.current = zoom;
  const { hover, held, moved, ready, again, release, onKey } = useReading(box, plot, { open, zoom: zooming, logX: look.logX });

  const asked = asking(look, width, runs.length * metrics.length);
  const wanted = runs.map(({ run_id }) => ({ run_id, stamp: stamps?.get(run_id) ?? "" }));
  const named = JSON.stringify(wanted);
  const latest = useRef({ asked, wanted, named, look });
  latest.current = { asked, wanted, named, look };
  const under = useRef(/** @type {{signal: AbortSignal, named: string, busy: boolean} | null} */ (null));
  /** New points that come while an answer is under way wait for it: where they come quicker than answers, none would ever arrive. */
  const ask = (/** @type {NonNullable<typeof under.current>} */ way) => {
    if (way.busy || way.signal.aborted || way.named === latest.current.named) return;
    const { asked: now, wanted: some, look: as } = latest.current;
    way.busy = true;
    way.named = latest.current.named;
    Promise.all(metrics.map(async (metric) => ({ metric, lines: await fetchLines(now, metric, some, way.signal) })))
      .then(
        (told) => way.signal.aborted || (setGot({ told, look: as }), setError(null)),
        (problem) => way.signal.aborted || setError(problem),
      )
      .finally(() => {
        way.busy = false;
        ask(way);
      });
  };
  useEffect(() => {
    if (width === 0 || runs.length === 0) return undefined;
    const away = new AbortController();
    under.current = { signal: away.signal, named: "", busy: false };
    ask(under.current);
    return () => away.abort();
  }, [JSON.stringify(asked), metrics.join("\n"), runs, width === 0]);
  useEffect(() => {
    if (under.current) ask(under.current);
  }, [named]);

  // What the lines were asked for as stays until others have come; the rest of the look changes at once.
  const { x, logX, band } = got?.look ?? look;
  const soft = got?.look.smoothing ? look.smoothing : 0;
  const seenAs = useMemo(() => ({ ...look, x, logX, band, smoothing: soft }), [look, x, logX, band, soft]);
  const [now, setNow] = useState(/** @type {import("./content.js").Content | null | undefined} */ (undefined));
  const alone = useRef(/** @type {boolean | null} */ (null));
  useEffect(() => {
    if (got && runs.length > 0) {
      inTurn(canvas, () => {
        const made = content(got.told, runs, groups, seenAs);
        // A part of the axis that is beside all lines is told by one point of each, too.
        if (made && got.look.start === null) alone.current = made.single;
        else if (made && alone.current === false) made.single = false;
        setNow(made);
      });
    } else setNow(undefined);
  }, [got, runs, groups, dark.value, inks, x, logX, band, soft, look.smoother, look.logY, look.clip]);
  const bars = now?.single ?? false;
  useEffect(() => odd?.(now?.odd ?? 0), [now?.odd]);

  useEffect(() => {
    const where = canvas.current;
    if (!now || bars || !where || width === 0) {
      plot.current?.plot.destroy();
      plot.current = null;
      if (now) shown?.({ plot: null, content: now, look: seenAs });
      return;
    }
    inTurn(box, () => {
      const made = kind(now, seenAs, dark.value, height);
      const seen = { start: look.start, end: look.end, content: now };
      const had = plot.current;
      if (had?.kind === made) {
        Object.assign(had.seen, seen);
        if (had.plot.width !== width) had.plot.setSize({ width, height });
        // What is only zoomed is drawn at once of what there is; the finer values follow.
        if (had.lines === now) had.plot.setScale("x", { min: look.start ?? now.x[0], max: look.end ?? now.x[now.x.length - 1] });
        else had.plot.setData(/** @type {any} */ (columns(now)));
        had.lines = now;
      } else {
        had?.plot.destroy();
        plot.current = { plot: plotted(now, seenAs, seen, { width, height, sync, zoom: (start, end) => zooming.current(start, end), moved, ready }, where), kind: made, seen, lines: now };
      }
      again();
      where.dataset.drawn = String(Number(where.dataset.drawn ?? 0) + 1);
      shown?.({ plot: plot.current?.plot ?? null, content: now, look: seenAs });
    });
  }, [now, look.start, look.end, width, height, bars]);
  useEffect(
    () => () => {
      giveUp(box);
      giveUp(canvas);
      plot.current?.plot.destroy();
      plot.current = null;
      shown?.(null);
    },
    [],
  );

  const rows = hover && now ? readings(now, seenAs, hover.at, hover.away) : [];
  return html`<div class="chart" ref=${box} style=${{ minHeight: `${height}px` }} tabindex=${bars ? undefined : 0} role="group" aria-roledescription="chart"
      aria-label=${`${metrics.join(", ")}, ${runs.length === 1 ? runs[0].run_name : `${runs.length} runs`}. Arrow keys read values, the space bar holds them.`} onKeyDown=${onKey}>
    ${error
      ? html`<p class="note bad" role="alert">${error.message}</p>`
      : now === undefined
        ? html`<${Skeleton} rows=${1} height=${height - 8} />`
        : now === null && html`<p class="quiet small chart-none">None of these runs has ${metrics.length > 1 ? "any of them" : "it"}.</p>`}
    ${now && now.none && !bars && html`<p class="small quiet chart-empty">${now.odd > 0 ? `None of ${counted(now.odd, "point")} is a finite number.` : "There are no points here."}</p>`}
    ${bars && now ? html`<${Bars} content=${now} height=${height} />` : html`<div ref=${canvas} aria-hidden="true" />`}
    ${hover && now && html`<${Tip} content=${now} look=${seenAs} rows=${rows} hover=${hover} held=${held} close=${release} />`}
    <p class="hidden" aria-live="polite">${hover && now && !hover.away ? said(now, seenAs, hover.at) : ""}</p>
  </div>`;
}
