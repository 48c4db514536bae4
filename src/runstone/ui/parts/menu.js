/** A button with a list below it. */

import { html, useEffect, useRef, useState } from "../ground/html.js";

/**
 * @param {{label: any, title?: string, children: any, right?: boolean, plain?: boolean, stays?: boolean}} props
 *   children: buttons (or anything else); stays: choosing closes nothing
 */
export function Menu({ label, title, children, right, plain, stays }) {
  const [open, setOpen] = useState(false);
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
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
      const all = /** @type {HTMLElement[]} */ ([...(box.current?.querySelectorAll(".list button, .list input") ?? [])]);
      const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
      all[(at + (event.key === "ArrowDown" ? 1 : all.length - 1)) % all.length]?.focus();
    }
  };
  return html`<div class="menu" ref=${box} onKeyDown=${onKey}>
    <button type="button" class=${plain ? "plain" : ""} title=${title} aria-label=${title} aria-haspopup="true" aria-expanded=${open} onClick=${() => setOpen(!open)}>${label}</button>
    ${open && html`<div class=${right ? "list right" : "list"} onClick=${() => !stays && setOpen(false)}>${children}</div>`}
  </div>`;
}
