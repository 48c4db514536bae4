/** What is read off a chart: where its crosshair is, by mouse, keys or fingers, and whether it is held there so that one can go to its list. */

import { useLayoutEffect, useRef, useState } from "../ground/html.js";
import { fingers } from "./fingers.js";

/** @typedef {import("uplot")} uPlot */
/** @typedef {{at: number, x: number, wide: number, away: ((value: number) => number) | null}} Hover x: its pixels from the chart's left edge; wide: the chart's; away: how far a value is from the pointer */

const KEYS = ["ArrowLeft", "ArrowRight", "Home", "End", "Escape", " "];
/** A finger leaves the mouse's pointer where it was. */
const mouse = window.matchMedia("(hover: hover)");
/** Pixels that a mouse may move between press and release of a click. */
const CLICK = 4;

/**
 * @param {{current: HTMLElement | null}} box the chart, which has the focus
 * @param {{current: {plot: uPlot, seen: import("./plot.js").Seen} | null}} drawn
 * @param {{open?: () => void, zoom: {current: (start: number | null, end: number | null) => void}, logX: boolean}} how open: what Enter does
 */
export function useReading(box, drawn, { open, zoom, logX }) {
  const [hover, setHover] = useState(/** @type {Hover | null} */ (null));
  const [held, setHeld] = useState(false);
  const own = useRef({ byKey: false, pressed: false, touched: false, held: /** @type {{x: number, top: number} | null} */ (null), ends: /** @type {[number, number] | null} */ (null) }).current;
  const log = useRef(logX);
  log.current = logX;

  /** @param {uPlot} self */
  const moved = (self) => {
    const { idx, left = -1, top = -1 } = self.cursor;
    const hovered = mouse.matches && self.over.matches(":hover");
    // The others' crosshairs follow, their lists do not open. One that keys moved stays while there are new points.
    if (!own.pressed && !own.held && (hovered || box.current !== document.activeElement)) own.byKey = false;
    if (idx === null || idx === undefined || left < 0 || !(own.byKey || own.touched || own.held || hovered)) return setHover(null);
    setHover({ at: idx, x: self.over.offsetLeft + left, wide: self.width, away: own.byKey ? null : (value) => Math.abs(self.valToPos(value, "y") - top) });
  };
  const hold = () => {
    const plot = drawn.current?.plot;
    const { left = -1, top = -1 } = plot?.cursor ?? {};
    if (!plot || left < 0) return;
    own.held = { x: plot.posToVal(left, "x"), top };
    /** @type {any} */ (plot.cursor)._lock = true;
    setHeld(true);
  };
  const release = () => {
    if (!own.held && !own.touched) return;
    own.held = null;
    own.touched = false;
    setHeld(false);
    const plot = drawn.current?.plot;
    if (!plot) return;
    /** @type {any} */ (plot.cursor)._lock = false;
    if (!own.byKey && !(mouse.matches && plot.over.matches(":hover"))) plot.setCursor({ left: -10, top: -10 });
  };
  /** The chart was drawn again: what is held stays where it is on the axis. */
  const again = () => {
    const { plot, seen } = drawn.current ?? {};
    if (!plot || !seen) return;
    const { x } = seen.content;
    if (seen.start === null && x.length > 0) own.ends = [x[0], x[x.length - 1]];
    if (!own.held) return;
    const left = plot.valToPos(own.held.x, "x");
    if (left < 0 || left > plot.over.clientWidth) return release();
    /** @type {any} */ (plot.cursor)._lock = true;
    plot.setCursor({ left, top: own.held.top });
  };
  useLayoutEffect(() => { // as soon as the list is seen, not only after it was drawn
    if (!held) return undefined;
    const escape = (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      release();
    };
    const away = (/** @type {Event} */ event) => !box.current?.contains(/** @type {Node} */ (event.target)) && release();
    document.addEventListener("keydown", escape, true);
    document.addEventListener("pointerdown", away, true);
    return () => {
      document.removeEventListener("keydown", escape, true);
      document.removeEventListener("pointerdown", away, true);
    };
  }, [held]);

  /** A new plot: a click holds, another lets go; fingers read and zoom. @param {uPlot} plot */
  const ready = (plot) => {
    /** @type {[number, number] | null} */
    let from = null;
    plot.over.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch" || event.button !== 0) return;
      from = own.held ? null : [event.clientX, event.clientY];
      release();
    });
    plot.over.addEventListener("pointerup", (event) => {
      if (event.pointerType !== "touch" && from && Math.hypot(event.clientX - from[0], event.clientY - from[1]) < CLICK) hold();
      from = null;
    });
    fingers(plot, () => log.current, {
      ends: () => own.ends,
      read: (left, top) => {
        release();
        own.touched = true;
        own.byKey = false;
        plot.setCursor({ left, top });
      },
      hold,
      release,
      // Drawn at once under the fingers; when they are lifted the others follow, and finer values are asked for.
      zooming: (start, end) => {
        if (drawn.current) Object.assign(drawn.current.seen, { start, end });
        plot.setScale("x", { min: start, max: end });
      },
      zoomed: (start, end) => zoom.current(start, end),
    });
  };

  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    const plot = drawn.current?.plot;
    if (event.target !== box.current || (event.key === "Escape" && !own.byKey)) return;
    if (event.key === "Enter" && open) {
      event.preventDefault();
      open();
    }
    if (!plot || !KEYS.includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === " ") return own.held ? release() : hold();
    release();
    const places = plot.data[0];
    const { min = places[0], max = places[places.length - 1] } = plot.scales.x;
    const first = places.findIndex((place) => place >= min);
    const last = places.findLastIndex((place) => place <= max);
    const far = event.shiftKey ? Math.max(1, Math.round((last - first) / 10)) : 1;
    const at = hover?.at ?? (event.key === "ArrowLeft" ? last + 1 : first - 1);
    const next = { ArrowLeft: at - far, ArrowRight: at + far, Home: first, End: last }[event.key];
    own.byKey = next !== undefined;
    own.pressed = true;
    if (next === undefined) plot.setCursor({ left: -10, top: -10 });
    else plot.setCursor({ left: plot.valToPos(places[Math.max(first, Math.min(last, next))], "x"), top: plot.over.clientHeight / 2 });
    own.pressed = false;
  };
  return { hover, held, moved, ready, again, release, onKey };
}
