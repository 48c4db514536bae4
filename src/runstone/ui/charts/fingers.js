/** Fingers on a chart: one reads values (up and down it scrolls the page), two zoom, two taps show everything. */

/** Milliseconds and pixels within which two taps are a double one; pixels that a tap may move. */
const TWICE = 350;
const BESIDE = 40;
const TAP = 10;
/** Pixels between two fingers below which nothing is zoomed any further. */
const CLOSE = 16;

/**
 * @param {import("uplot")} plot
 * @param {() => boolean} log whether its x axis is logarithmic
 * @param {{
 *   ends: () => [number, number] | null, read: (left: number, top: number) => void, hold: () => void, release: () => void,
 *   zooming: (start: number, end: number) => void, zoomed: (start: number | null, end: number | null) => void,
 * }} acts ends: where all points begin and end, if that is known; hold: keep what was read; zooming: under the fingers; zoomed: they were lifted
 */
export function fingers(plot, log, acts) {
  const { over } = plot;
  /** @type {Map<number, {left: number, top: number}>} */
  const down = new Map();
  /** @type {{left: number, top: number, far: boolean} | null} */
  let tap = null;
  let before = { time: -TWICE, left: 0, top: 0 };
  /** @type {{places: [number, number], width: number} | null} what is under two fingers, on the axis as it is drawn */
  let pinch = null;
  /** @type {[number, number] | null} */
  let span = null;

  const onAxis = (/** @type {number} */ place) => (log() && Number.isFinite(place) ? Math.log10(place) : place);
  const offAxis = (/** @type {number} */ place) => (log() ? 10 ** place : place);
  /** @param {PointerEvent} event */
  const at = (event) => {
    const { left, top } = over.getBoundingClientRect();
    return { left: event.clientX - left, top: event.clientY - top };
  };
  const lefts = () => /** @type {[number, number]} */ ([...down.values()].slice(0, 2).map(({ left }) => left).sort((one, other) => one - other));

  over.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    event.preventDefault(); // no mouse is made up of it
    const here = at(event);
    down.set(event.pointerId, here);
    if (down.size === 1) tap = { ...here, far: false };
    if (down.size !== 2) return;
    tap = null;
    acts.release();
    const [left, right] = lefts();
    pinch = { places: [onAxis(plot.posToVal(left, "x")), onAxis(plot.posToVal(right, "x"))], width: over.clientWidth };
  });
  over.addEventListener("pointermove", (event) => {
    if (!down.has(event.pointerId)) return;
    const here = at(event);
    down.set(event.pointerId, here);
    if (pinch && down.size >= 2) {
      span = spread(pinch, lefts(), (acts.ends() ?? [-Infinity, Infinity]).map(onAxis));
      if (span) acts.zooming(offAxis(span[0]), offAxis(span[1]));
    } else if (tap) {
      tap.far ||= Math.hypot(here.left - tap.left, here.top - tap.top) > TAP;
      if (tap.far) acts.read(Math.max(0, Math.min(over.clientWidth, here.left)), here.top);
    }
  });
  /** @param {PointerEvent} event */
  const up = (event) => {
    const here = down.get(event.pointerId);
    if (!here) return;
    down.delete(event.pointerId);
    if (pinch && down.size < 2) {
      const ends = acts.ends();
      const all = span && ends && span[0] <= onAxis(ends[0]) && span[1] >= onAxis(ends[1]);
      if (span && all) acts.zoomed(null, null);
      else if (span) acts.zoomed(offAxis(span[0]), offAxis(span[1]));
      pinch = null;
      span = null;
    } else if (tap && event.type === "pointercancel") acts.release(); // the page is scrolled
    else if (tap) {
      const again = !tap.far && event.timeStamp - before.time < TWICE && Math.hypot(here.left - before.left, here.top - before.top) < BESIDE;
      before = { time: tap.far || again ? -TWICE : event.timeStamp, ...here };
      if (again) {
        acts.release();
        acts.zoomed(null, null);
      } else {
        acts.read(here.left, here.top);
        acts.hold();
      }
    }
    tap = null;
  };
  over.addEventListener("pointerup", up);
  over.addEventListener("pointercancel", up);
  // Two fingers are ours, else the browser scrolls the page with them.
  const both = (/** @type {TouchEvent} */ event) => event.touches.length > 1 && event.cancelable && event.preventDefault();
  over.addEventListener("touchstart", both, { passive: false });
  over.addEventListener("touchmove", both, { passive: false });
}

/**
 * From where to where an axis goes when what was under two fingers is under them where they are now; not beyond its points.
 * @param {{places: [number, number], width: number}} pinch
 * @param {[number, number]} lefts
 * @param {number[]} ends
 * @returns {[number, number] | null}
 */
export function spread({ places, width }, [left, right], [first, last]) {
  if (right - left < CLOSE || !(places[1] > places[0])) return null;
  const each = (places[1] - places[0]) / (right - left);
  const start = places[0] - left * each;
  const span = [Math.max(first, start), Math.min(last, start + width * each)];
  return span[1] > span[0] ? /** @type {[number, number]} */ (span) : null;
}
