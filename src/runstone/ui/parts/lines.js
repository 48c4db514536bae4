/** Lines of text, any number of them, all of one height: only those that can be seen are there. */

import { html, useCallback, useEffect, useLayoutEffect, useRef, useState } from "../ground/html.js";

export const LINE = 18;
/** Lines that are drawn beyond what can be seen, and by how many at a time the window is moved. */
const BEYOND = 12;
const STEP = 6;

/**
 * @param {{
 *   label: string, count: number, line: (at: number) => any, at?: number, follow?: boolean, onFollow?: (follows: boolean) => void,
 *   onWidth?: (width: number) => void, wide?: number, onClick?: (at: number) => void,
 * }} props
 *   at: the line that is brought into sight when it changes; follow: the end stays in sight; wide: the widest line's width in pixels; onClick: a line's number was clicked
 */
export function Lines({ label, count, line, at, follow = false, onFollow, onWidth, wide, onClick }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [range, setRange] = useState(/** @type {[number, number]} */ ([0, 60]));
  const following = useRef(follow);
  following.current = follow;
  /** Where we scrolled to ourselves: what is elsewhere was scrolled by the reader. */
  const put = useRef(-1);

  const look = useCallback(() => {
    const element = box.current;
    if (!element) return;
    const first = Math.max(0, Math.floor(element.scrollTop / LINE) - BEYOND);
    const start = first - (first % STEP);
    const end = start + Math.ceil(element.clientHeight / LINE) + 2 * BEYOND + STEP;
    setRange((before) => (before[0] === start && before[1] === end ? before : [start, end]));
  }, []);
  const onScroll = () => {
    look();
    const element = box.current;
    if (!element || Math.abs(element.scrollTop - put.current) < 2) return;
    put.current = -1;
    const atEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - LINE;
    if (atEnd !== following.current) onFollow?.(atEnd);
  };
  useLayoutEffect(() => {
    const element = box.current;
    if (element && follow) {
      element.scrollTop = element.scrollHeight;
      put.current = element.scrollTop;
    }
    look();
  }, [count, follow, look]);
  useEffect(() => {
    const watch = new ResizeObserver(() => {
      look();
      if (box.current) onWidth?.(box.current.clientWidth);
    });
    if (box.current) watch.observe(box.current);
    return () => watch.disconnect();
  }, [look, onWidth]);
  const ready = at !== undefined && at >= 0 && at < count;
  useEffect(() => {
    const element = box.current;
    if (!element || !ready || at === undefined) return;
    const top = at * LINE;
    if (top < element.scrollTop || top + 2 * LINE > element.scrollTop + element.clientHeight) {
      element.scrollTop = Math.max(0, top - element.clientHeight / 3);
    }
  }, [at, ready]);

  /** One listener for all of them: lines come and go by the dozen. @param {MouseEvent} event */
  const click = (event) => {
    const element = /** @type {HTMLElement} */ (event.target);
    if (box.current && element.closest(".log-number")) onClick?.(Math.floor((event.clientY - box.current.getBoundingClientRect().top + box.current.scrollTop) / LINE));
  };
  const lines = [];
  for (let number = range[0]; number < Math.min(range[1], count); number += 1) {
    lines.push(html`<div key=${number % 512} class="log-line" style=${{ transform: `translateY(${number * LINE}px)` }}>${line(number)}</div>`);
  }
  return html`<div class="log-lines" ref=${box} role="region" aria-label=${label} tabindex="0" onScroll=${onScroll} onClick=${click}>
    <div class="log-body" style=${{ height: `${count * LINE}px`, width: wide ? `${wide}px` : undefined }}>${lines}</div>
  </div>`;
}
