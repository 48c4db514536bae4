/** A chart's place on the board. The chart is there while it is near what one sees: a thousand of them would be as many canvases. */

import { classes, createContext, html, useCallback, useContext, useEffect, useRef, useState } from "../ground/html.js";
import { HEIGHT, Panel } from "./panel.js";

/** What all panels are given. When it changes only those that are there are drawn again, not a thousand places. */
export const Given = createContext(/** @type {any} */ (null));

/** @param {{metric: string, open: () => void, odd: (count: number) => void}} props */
const Near = (props) => html`<${Panel} ...${useContext(Given)} ...${props} />`;

/** @type {WeakMap<Element, (near: boolean) => void>} */
const watched = new WeakMap();
const sight = new IntersectionObserver((entries) => entries.forEach((entry) => watched.get(entry.target)?.(entry.isIntersecting)), { rootMargin: "160px 0px" });

/** @param {{metric: string, pinned: boolean, pin: (metric: string) => void, hide: (metric: string) => void, open: (metric: string) => void, move: (metric: string, before: string | 1 | -1) => void}} props */
export function Slot({ metric, pinned, pin, hide, open, move }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [near, setNear] = useState(false);
  const [odd, setOdd] = useState(0);
  const [over, setOver] = useState(false);
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
    setOver(false);
    if (!moved) return;
    event.preventDefault();
    move(moved, metric);
  };
  /** @param {DragEvent} event */
  const hovers = (event) => event.dataTransfer?.types.includes(KIND) && (event.preventDefault(), setOver(true));
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (!event.altKey || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    move(metric, event.key === "ArrowLeft" ? -1 : 1);
  };
  return html`<figure ref=${box} class=${classes("card", over && "over")} onDragOver=${hovers} onDragLeave=${() => setOver(false)} onDrop=${drop} onKeyDownCapture=${onKey}>
    <figcaption class="row" draggable=${true} title=${`${metric} (drag, or Alt and arrow keys, to move)`} onDragStart=${(/** @type {DragEvent} */ event) => event.dataTransfer?.setData(KIND, metric)}>
      <span class="cut grow">${metric}</span>
      ${odd > 0 && html`<span class="tag warn" title="Points that are NaN (×) or infinite (^)">${odd.toLocaleString("en")} not finite</span>`}
      ${near && html`
        <button type="button" class="plain" aria-pressed=${pinned} aria-label=${`Pin ${metric}`} title="Pin to the top" onClick=${() => pin(metric)}>${pinned ? "★" : "☆"}</button>
        <button type="button" class="plain" aria-label=${`Hide ${metric}`} title="Hide" onClick=${() => hide(metric)}>–</button>
        <button type="button" class="plain" aria-label=${`Open ${metric}`} title="Full screen, legend, data, downloads" onClick=${opened}>⤢</button>`}
    </figcaption>
    ${near ? html`<${Near} metric=${metric} open=${opened} odd=${setOdd} />` : html`<div style=${{ height: `${HEIGHT}px` }} />`}
  </figure>`;
}

const KIND = "application/x-runstone-chart";
