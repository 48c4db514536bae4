/** A chart's place on the board. The chart is there while it is near what one sees: a thousand of them would be as many canvases. */

import { classes, createContext, html, useCallback, useContext, useEffect, useRef, useState } from "../ground/html.js";
import { Menu } from "../parts/menu.js";
import { Over } from "./over.js";
import { HEIGHT, Panel } from "./panel.js";

/** What all panels are given. When it changes only those that are there are drawn again, not a thousand places. */
export const Given = createContext(/** @type {any} */ (null));

/** @param {{metrics: string[], open: () => void, odd: (count: number) => void}} props */
const Near = (props) => html`<${Panel} ...${useContext(Given)} ...${props} />`;

/** @type {WeakMap<Element, (near: boolean) => void>} */
const watched = new WeakMap();
const sight = new IntersectionObserver((entries) => entries.forEach((entry) => watched.get(entry.target)?.(entry.isIntersecting)), { rootMargin: "160px 0px" });

/**
 * @param {{
 *   metrics: string[], pinned: boolean, pin: (metric: string) => void, hide: (metric: string) => void, open: (metric: string) => void,
 *   move: (metric: string, before: string | 1 | -1) => void, over: (metric: string, other: string) => void, all: () => string[], share: (before: string[], after: string[]) => void,
 * }} props metrics: the first stands for the chart; over: draw a chart's metrics over another's; all: which metrics there are; share: what the chart's become
 */
export function Slot({ metrics, pinned, pin, hide, open, move, over: onto, all, share }) {
  const [metric] = metrics;
  const name = metrics.join(", ");
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [near, setNear] = useState(false);
  const [odd, setOdd] = useState(0);
  const [over, setOver] = useState(/** @type {"" | "before" | "onto"} */ (""));
  useEffect(() => {
    const element = /** @type {HTMLElement} */ (box.current);
    watched.set(element, setNear);
    sight.observe(element);
    return () => sight.unobserve(element);
  }, []);
  const opened = useCallback(() => open(metric), [metric, open]);
  /** @param {DragEvent} event */
  const drop = (event) => {
    const moved = event.dataTransfer?.getData(KIND);
    setOver("");
    if (!moved) return;
    event.preventDefault();
    if (moved === metric) return;
    if (where(event) === "before") move(moved, metric);
    else onto(moved, metric);
  };
  /** @param {DragEvent} event */
  const hovers = (event) => event.dataTransfer?.types.includes(KIND) && (event.preventDefault(), setOver(where(event)));
  /** Its left quarter is the place before it. @param {DragEvent} event @returns {"before" | "onto"} */
  const where = (event) => {
    const { left, width } = /** @type {HTMLElement} */ (box.current).getBoundingClientRect();
    return event.clientX - left < width / 4 ? "before" : "onto";
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (!event.altKey || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    move(metric, event.key === "ArrowLeft" ? -1 : 1);
  };
  return html`<figure ref=${box} class=${classes("card", over)} onDragOver=${hovers} onDragLeave=${(/** @type {DragEvent} */ event) => !box.current?.contains(/** @type {Node | null} */ (event.relatedTarget)) && setOver("")} onDrop=${drop} onKeyDownCapture=${onKey}>
    <figcaption class="row">
      <span class="cut grow name" draggable=${true} title=${`${name} (drag, or Alt and arrow keys, to move; onto another chart to draw it there)`} onDragStart=${(/** @type {DragEvent} */ event) => event.dataTransfer?.setData(KIND, metric)}>${name}</span>
      ${odd > 0 && html`<span class="tag warn" title="Points that are NaN (×) or infinite (^)">${odd.toLocaleString("en")} not finite</span>`}
      ${near && html`
        <${Menu} label="+" title=${`Draw metrics over ${metric}`} plain right stays><${Over} metrics=${metrics} all=${all} share=${share} /><//>
        <button type="button" class="plain" aria-pressed=${pinned} aria-label=${`Pin ${metric}`} title="Pin to the top" onClick=${() => pin(metric)}>${pinned ? "★" : "☆"}</button>
        <button type="button" class="plain" aria-label=${`Hide ${metric}`} title="Hide" onClick=${() => hide(metric)}>–</button>
        <button type="button" class="plain" aria-label=${`Open ${metric}`} title="Full screen, legend, data, downloads" onClick=${opened}>⤢</button>`}
    </figcaption>
    ${near ? html`<${Near} metrics=${metrics} open=${opened} odd=${setOdd} />` : html`<div style=${{ height: `${HEIGHT}px` }} />`}
  </figure>`;
}

const KIND = "application/x-runstone-chart";
