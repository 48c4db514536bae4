/** The filter bar: names are completed as one types, and what the server refuses is said below the very place. */

import { html, useEffect, useMemo, useRef, useState } from "../ground/html.js";

const ATTRIBUTES = ["attributes.status", "attributes.run_name", "attributes.start_time", "attributes.end_time", "attributes.duration", "attributes.user_id", "attributes.run_id"];
const MOST = 8;

/**
 * The word that is being typed, and where it begins.
 * @param {string} text
 * @param {number} at
 */
export function word(text, at) {
  const before = text.slice(0, at);
  const found = before.match(/[\w./`@-]*$/);
  const typed = found ? found[0] : "";
  return { typed, from: at - typed.length };
}

/** @param {string} key */
const quoted = (key) => (/^[\w/.-]+$/.test(key) ? key : `\`${key}\``);

/**
 * @param {{value: string, keys?: import("./columns.js").Keys, names?: string[], label?: string, placeholder?: string, error?: Error, set: (text: string) => void, id?: string}} props
 *   names: what can be completed besides keys; of runs unless said
 */
export function FilterBar({ value, keys, names: known = ATTRIBUTES, label = "Filter runs", placeholder = "metrics.loss < 0.5 AND params.optimizer = 'adam'   ( / )", error, set, id = "filter" }) {
  const [text, setText] = useState(value);
  const [at, setAt] = useState(-1);
  const [open, setOpen] = useState(false);
  const [caret, setCaret] = useState(0);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => setText(value), [value]);

  const names = useMemo(
    () => [
      ...(keys?.metrics ?? []).map(({ key }) => `metrics.${quoted(key)}`),
      ...(keys?.params ?? []).map(({ key }) => `params.${quoted(key)}`),
      ...(keys?.tags ?? []).map(({ key }) => `tags.${quoted(key)}`),
      ...known,
    ],
    [keys, known],
  );
  const { typed, from } = word(text, caret);
  const fitting = useMemo(() => {
    if (!open || typed.length < 1) return [];
    const wanted = typed.toLowerCase();
    return names.filter((one) => one.toLowerCase().includes(wanted) && one !== typed).slice(0, MOST);
  }, [names, typed, open]);

  /** @param {string} name */
  const take = (name) => {
    const next = `${text.slice(0, from)}${name} ${text.slice(caret).trimStart()}`;
    setText(next);
    setOpen(false);
    setAt(-1);
    const place = from + name.length + 1;
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
    ${fitting.length > 0 && html`<ul class="completions" role="listbox" id="${id}-list" aria-label="Names">
      ${fitting.map((one, place) => html`<li key=${one} id=${`${id}-${place}`} role="option" aria-selected=${place === at} class=${place === at ? "on" : ""} onMouseDown=${(/** @type {Event} */ event) => (event.preventDefault(), take(one))}>${one}</li>`)}
    </ul>`}
    ${error && html`<pre class="note bad" id="${id}-error" role="alert">${error.message}</pre>`}
  </div>`;
}
