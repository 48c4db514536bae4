/** A button with a list below it. */

import { html, useEffect, useLayoutEffect, useRef, useState } from "../ground/html.js";

/** Pixels between the button and its list, and between the list and the window's edge. */
const GAP = 4;
const EDGE = 8;

/**
 * @param {{label: any, title?: string, children: any, right?: boolean, plain?: boolean, stays?: boolean}} props
 *   children: buttons (or anything else); stays: choosing closes nothing
 */
export function Menu({ label, title, children, right, plain, stays }) {
  const [open, setOpen] = useState(false);
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const list = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => {
    if (!open) return undefined;
    /** @param {Event} event */
    const away = (event) => !box.current?.contains(/** @type {Node} */ (event.target)) && setOpen(false);
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
    };
  }, [open]);
  // The list lies above everything (a table would cut it off), below its button or above it, wherever it has room in the window.
  useLayoutEffect(() => {
    if (!open || !list.current || !box.current) return undefined;
    const own = list.current;
    own.showPopover();
    const settle = () => {
      const button = /** @type {HTMLElement} */ (box.current).getBoundingClientRect();
      const room = window.innerHeight - button.bottom - GAP - EDGE;
      const above = button.top - GAP - EDGE;
      const below = own.scrollHeight <= room || room >= above;
      own.style.maxHeight = `${Math.max(80, Math.min(below ? room : above, window.innerHeight * 0.7))}px`;
      const left = right ? button.right - own.offsetWidth : button.left;
      own.style.left = `${Math.max(EDGE, Math.min(left, document.documentElement.clientWidth - own.offsetWidth - EDGE))}px`;
      own.style.top = `${below ? button.bottom + GAP : button.top - GAP - own.offsetHeight}px`;
    };
    settle();
    const watch = new ResizeObserver(settle);
    watch.observe(own);
    window.addEventListener("scroll", settle, true);
    window.addEventListener("resize", settle);
    return () => {
      watch.disconnect();
      window.removeEventListener("scroll", settle, true);
      window.removeEventListener("resize", settle);
    };
  }, [open, right]);
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (!open) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      setOpen(false);
      box.current?.querySelector("button")?.focus();
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const all = /** @type {HTMLElement[]} */ ([...(box.current?.querySelectorAll(".list button:enabled, .list input:enabled") ?? [])]);
      const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
      all[(at + (event.key === "ArrowDown" ? 1 : all.length - 1)) % all.length]?.focus();
    }
  };
  const named = typeof label === "string" && /\p{L}/u.test(label);
  return html`<div class="menu" ref=${box} onKeyDown=${onKey}>
    <button type="button" class=${plain ? "plain" : ""} title=${title} aria-label=${named ? undefined : title} aria-haspopup="true" aria-expanded=${open} onClick=${() => setOpen(!open)}>${label}${named && html` <span class="caret" aria-hidden="true">▾</span>`}</button>
    ${open && html`<div class="list" popover="manual" ref=${list} onClick=${() => !stays && setOpen(false)}>${children}</div>`}
  </div>`;
}
