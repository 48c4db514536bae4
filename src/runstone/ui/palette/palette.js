/** Going anywhere and doing anything by typing: what bears the name in the store, and what can be done on the page one is on. */

import { get } from "../ground/api.js";
import { colour, numbered } from "../ground/colours.js";
import { html, useEffect, useId, useRef, useState } from "../ground/html.js";
import { bindings, spelled } from "../ground/keys.js";
import { go } from "../ground/route.js";
import { Above } from "../parts/dialog.js";

/** @typedef {{kind: string, id: string, name: string, experiment_id?: string, experiment?: string, number?: number, colour?: string}} Named what the operation look_up gives */
/** @typedef {{key: string, name: string, about: string, keys?: string, colour?: string, act: (event: Event) => void}} Item */

/** A word that is being typed is waited for, so many milliseconds. */
const CALM = 90;
const KINDS = /** @type {Record<string, string>} */ ({ experiment: "experiment", run: "run", model: "model", logged_model: "logged model" });

/** @param {Named} one */
const place = (one) =>
  one.kind === "experiment" ? ["experiments", one.id]
  : one.kind === "run" ? ["experiments", one.experiment_id ?? "", "runs", one.id]
  : one.kind === "model" ? ["models", one.name]
  : ["experiments", one.experiment_id ?? "", "models", one.id];

/**
 * What can be done here, newest bindings first, and the places of the bar.
 * @param {{name: string, parts: string[]}[]} places
 * @returns {Item[]}
 */
function actions(places) {
  const done = bindings().filter((one) => one.does && !/Arrow|mod\+k/.test(one.keys));
  return [
    ...done.map((one) => ({ key: one.keys + one.does, name: one.does, about: "", keys: one.keys, act: (/** @type {any} */ event) => one.run(event) })),
    ...places.map(({ name, parts }) => ({ key: name, name, about: "page", act: () => go(parts) })),
  ];
}

/** Buttons and tabs above what a page shows; those of rows, charts and code are too many, and are named alike. */
const PRESSED = ["head", "tools", "bulk", "tabs"].flatMap((part) => [`main .${part} button:not([disabled])`, `main .${part} a`]).join(", ");

/** What can be pressed here and has no key, by what it says. @param {Item[]} others @returns {Item[]} */
function buttons(others) {
  const had = new Set(others.map(({ name }) => name));
  return [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(PRESSED))].flatMap((one) => {
    const name = (one.ariaLabel || one.innerText.trim().replace(/\s+/g, " ").replace(/ ▾$/, "")).replace(/^\W+$/, "") || one.title;
    if (!name || had.has(name)) return [];
    had.add(name);
    return [{ key: `press ${name}`, name, about: "on this page", act: () => (one.focus(), one.click()) }];
  });
}

/**
 * @param {string} text
 * @returns {Named[]}
 */
function useNamed(text) {
  const [found, setFound] = useState(/** @type {Named[]} */ ([]));
  const wanted = text.trim().slice(0, 500);
  useEffect(() => {
    if (!wanted) {
      setFound([]);
      return undefined;
    }
    const giveUp = new AbortController();
    const waiting = window.setTimeout(() => {
      // An error is no answer: the banner tells of a server that is gone.
      get("/runstone/lookup", { text: wanted }, giveUp.signal).then((answer) => {
        const named = /** @type {Named[]} */ (answer.found ?? []);
        numbered(named.map(({ id, number }) => ({ run_id: id, number })));
        setFound(named);
      }, () => undefined);
    }, CALM);
    return () => {
      window.clearTimeout(waiting);
      giveUp.abort();
    };
  }, [wanted]);
  return found;
}

/** @param {{close: () => void, places: {name: string, parts: string[]}[]}} props */
export function Palette({ close, places }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  // Of the page below, before this box binds or covers anything.
  const [can] = useState(() => actions(places));
  const [pressed] = useState(() => buttons(can));
  const named = useNamed(text);
  const id = useId();
  const list = useRef(/** @type {HTMLUListElement | null} */ (null));
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  /** @type {Item[]} */
  const items = [
    ...named.map((one) => ({
      key: `${one.kind} ${one.id}`, name: one.name || one.id, about: one.experiment ? `${KINDS[one.kind]} · ${one.experiment}` : KINDS[one.kind] ?? one.kind,
      colour: one.kind === "run" ? colour(one.id, one.colour) : undefined, act: () => go(place(one)),
    })),
    ...[...can, ...(words.length > 0 ? pressed : [])].filter(({ name }) => words.every((word) => name.toLowerCase().includes(word))),
  ];
  const chosen = Math.min(at, items.length - 1);
  useEffect(() => list.current?.children[chosen]?.scrollIntoView({ block: "nearest" }), [chosen]);
  /** @param {Item} item @param {Event} event */
  const take = (item, event) => {
    close();
    window.setTimeout(() => item.act(event)); // when this box is gone and the focus is back where it was
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setAt((chosen + step + items.length) % Math.max(1, items.length));
    } else if (event.key === "Enter" && items[chosen]) {
      event.preventDefault();
      take(items[chosen], event);
    }
  };
  return html`<${Above} label="Go to" close=${close} top>
    <div class="palette" onKeyDown=${onKey}>
      <input type="text" role="combobox" autofocus placeholder="Go to an experiment, a run, a model, or do something" aria-label="Go to, or do" aria-expanded="true"
        aria-controls=${`${id}-list`} aria-activedescendant=${items[chosen] ? `${id}-${chosen}` : undefined} autocomplete="off" spellcheck=${false} maxlength="500"
        value=${text} onInput=${(/** @type {any} */ event) => (setText(event.target.value), setAt(0))} />
      <ul role="listbox" id=${`${id}-list`} aria-label="What fits" ref=${list} tabindex="-1">
        ${items.map((item, number) => html`<li key=${item.key} role="option" id=${`${id}-${number}`} aria-selected=${number === chosen} onClick=${(/** @type {Event} */ event) => take(item, event)}>
          ${item.colour && html`<span class="dot" style=${{ color: item.colour }} />`}
          <bdi class="cut grow">${item.name}</bdi>
          ${item.about && html`<bdi class="quiet small cut">${item.about}</bdi>`}
          ${item.keys && html`<span class="wide">${item.keys.split(" ").map((key) => html`<kbd>${spelled(key)}</kbd> `)}</span>`}
        </li>`)}
      </ul>
      ${items.length === 0 && html`<p class="quiet" role="status">Nothing here has that name.</p>`}
    </div>
  <//>`;
}
