/** The filter bar: names and values are completed as one types, and what the server refuses is said below the very place. */

import { html, useEffect, useMemo, useRef, useState } from "../ground/html.js";
import { ATTRIBUTES, names, typedAt, values } from "./completing.js";

const MOST = 8;

/**
 * @param {{
 *   value: string, keys?: import("./columns.js").Keys, experiments?: string[], names?: string[], label?: string, placeholder?: string, error?: Error,
 *   set: (text: string) => void, id?: string,
 * }} props
 *   experiments: whose runs' values are completed; names: what can be completed besides keys; of runs unless said
 */
export function FilterBar({ value, keys, experiments, names: known = ATTRIBUTES, label = "Filter runs", placeholder = "A part of a name, or metrics.loss < 0.5 AND params.optimizer = 'adam'   ( / )", error, set, id = "filter" }) {
  const [text, setText] = useState(value);
  const [at, setAt] = useState(-1);
  const [open, setOpen] = useState(false);
  const [caret, setCaret] = useState(0);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => setText(value), [value]);

  const all = useMemo(() => [...names(keys), ...known], [keys, known]);
  const typed = typedAt(text, caret, experiments !== undefined);
  const [found, setFound] = useState(/** @type {string[]} */ ([]));
  useEffect(() => {
    if (!open || typed.kind === "name") return undefined;
    const giveUp = new AbortController();
    setFound([]);
    values(typed, experiments ?? [], giveUp.signal).then((list) => giveUp.signal.aborted || setFound(list), () => {}); // without them one types on
    return () => giveUp.abort();
  }, [open, typed.kind, typed.key, typed.typed]);
  const fitting = useMemo(() => {
    if (!open) return [];
    if (typed.kind !== "name") return found.slice(0, MOST);
    const wanted = typed.typed.toLowerCase();
    return wanted === "" ? [] : all.filter((one) => one.toLowerCase().includes(wanted) && one !== typed.typed).slice(0, MOST);
  }, [all, found, typed.kind, typed.typed, open]);

  /** @param {string} name */
  const take = (name) => {
    const rest = typed.quoted ? text.slice(caret).replace(/^'/, "") : text.slice(caret);
    const next = `${text.slice(0, typed.from)}${name} ${rest.trimStart()}`;
    setText(next);
    setOpen(false);
    setAt(-1);
    const place = typed.from + name.length + 1;
    queueMicrotask(() => {
      field.current?.focus();
      field.current?.setSelectionRange(place, place);
      setCaret(place);
    });
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (fitting.length > 0 && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      setAt((at + (event.key === "ArrowDown" ? 1 : fitting.length)) % fitting.length);
    } else if (event.key === "Tab" && fitting.length > 0 && open) {
      event.preventDefault();
      take(fitting[Math.max(at, 0)]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (at >= 0 && fitting[at]) take(fitting[at]);
      else {
        setOpen(false);
        set(text.trim());
      }
    } else if (event.key === "Escape") {
      event.preventDefault(); // browsers would empty the field
      setOpen(false);
      setAt(-1);
      if (!open) field.current?.blur();
    }
  };
  /** @param {any} event */
  const onInput = (event) => {
    setText(event.target.value);
    setCaret(event.target.selectionStart ?? 0);
    setOpen(true);
    setAt(-1);
  };
  return html`<div class="filter grow">
    <input id=${id} ref=${field} type="search" class="mono" spellcheck=${false} autocomplete="off" role="combobox" aria-expanded=${fitting.length > 0} aria-controls="${id}-list" aria-autocomplete="list"
      aria-activedescendant=${at >= 0 ? `${id}-${at}` : undefined} aria-invalid=${error ? "true" : "false"} aria-describedby=${error ? `${id}-error` : undefined}
      aria-label=${label} placeholder=${placeholder} value=${text} onInput=${onInput} onKeyDown=${onKey}
      onSearch=${(/** @type {any} */ event) => event.target.value === "" && set("")} onBlur=${() => window.setTimeout(() => setOpen(false), 150)} onClick=${(/** @type {any} */ event) => setCaret(event.target.selectionStart ?? 0)} />
    ${fitting.length > 0 && html`<ul class="completions" role="listbox" id="${id}-list" aria-label="Names and values">
      ${fitting.map((one, place) => html`<li key=${one} id=${`${id}-${place}`} role="option" aria-selected=${place === at} class=${place === at ? "on" : ""} onMouseDown=${(/** @type {Event} */ event) => (event.preventDefault(), take(one))}>${one}</li>`)}
    </ul>`}
    ${error && html`<pre class="note bad" id="${id}-error" role="alert">${error.message}</pre>`}
  </div>`;
}
