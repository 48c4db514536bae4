/** A text that is changed where it stands: a button beside it opens a field; Enter keeps, Escape leaves it as it was. */

import { html, useLayoutEffect, useRef, useState } from "../ground/html.js";

/**
 * @param {{value: string, label: string, save: (value: string) => Promise<unknown>, children?: any, lines?: number, optional?: boolean}} props
 *   children: how it looks while it is not changed; lines: of a longer text; optional: it may be empty
 */
export function Editable({ value, label, save, children, lines, optional }) {
  const [open, setOpen] = useState(false);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const field = useRef(/** @type {HTMLInputElement & HTMLTextAreaElement | null} */ (null));
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const was = useRef(false);
  useLayoutEffect(() => {
    if (open) field.current?.select();
    else if (was.current) button.current?.focus();
    was.current = open;
  }, [open]);
  const close = () => {
    setOpen(false);
    setError("");
  };
  /** @param {Event} event */
  const keep = async (event) => {
    event.preventDefault();
    const now = field.current?.value ?? "";
    if (now === value) return close();
    setBusy(true);
    try {
      await save(now);
      close();
    } catch (problem) {
      setError(/** @type {Error} */ (problem).message);
    }
    setBusy(false);
    return undefined;
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      close();
    } else if (event.key === "Enter" && lines && (event.ctrlKey || event.metaKey)) keep(event);
  };
  if (!open) {
    return html`<span class="editable">${children ?? value}<button ref=${button} type="button" class="plain small pen" aria-label=${`Change ${label}`} title=${`Change ${label}`} onClick=${() => setOpen(true)}>✎</button></span>`;
  }
  return html`<form class="editing" onSubmit=${keep} onKeyDown=${onKey}>
    ${lines
      ? html`<textarea ref=${field} rows=${lines} aria-label=${label} defaultValue=${value} />`
      : html`<input ref=${field} type="text" aria-label=${label} defaultValue=${value} required=${!optional} autocomplete="off" />`}
    <button class="main" disabled=${busy}>Save</button><button type="button" onClick=${close}>Cancel</button>
    ${error && html`<p class="note bad" role="alert">${error}</p>`}
  </form>`;
}
