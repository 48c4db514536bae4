/** Questions that lie above the page: the browser's own dialog, which keeps the focus and closes by Escape. */

import { html, signal, useLayoutEffect, useRef, useState } from "../ground/html.js";

/**
 * @typedef {{label: string, name: string, value?: string, lines?: number, optional?: boolean, hint?: string}} Field
 * @typedef {{title: string, text?: any, fields?: Field[], act: string, bad?: boolean, then: (values: Record<string, string>) => unknown}} Question
 */

/** @type {import("@preact/signals").Signal<Question | null>} */
const asked = signal(null);

/**
 * Ask before something is done. It stays open, with the error, where `then` fails.
 * @param {Question} question
 */
export function ask(question) {
  asked.value = question;
}

/** Where questions are drawn; once in the page. */
export function Questions() {
  const question = asked.value;
  return question && html`<${Box} key=${question.title} question=${question} close=${() => (asked.value = null)} />`;
}

/** @param {{question: Question, close: () => void}} props */
function Box({ question, close }) {
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    setBusy(true);
    try {
      await question.then(Object.fromEntries([...form].map(([name, value]) => [name, String(value)])));
      close();
    } catch (problem) {
      setError(/** @type {Error} */ (problem).message);
      setBusy(false);
    }
  };
  return html`<${Above} label=${question.title} close=${close}>
    <form onSubmit=${submit}>
      <h2>${question.title}</h2>
      ${question.text && html`<p class="quiet">${question.text}</p>`}
      ${(question.fields ?? []).map(
        (field) => html`<label class="field">${field.label}
          ${field.lines
            ? html`<textarea name=${field.name} rows=${field.lines} defaultValue=${field.value ?? ""} />`
            : html`<input name=${field.name} type="text" defaultValue=${field.value ?? ""} required=${!field.optional} autocomplete="off" />`}
          ${field.hint && html`<span class="small quiet">${field.hint}</span>`}
        </label>`,
      )}
      ${error && html`<p class="note bad" role="alert">${error}</p>`}
      <footer>
        <button type="button" onClick=${close}>Cancel</button>
        <button class=${question.bad ? "bad" : "main"} disabled=${busy}>${question.act}</button>
      </footer>
    </form>
  <//>`;
}

/**
 * A dialog while it is drawn.
 * @param {{label: string, close: () => void, children?: any, wide?: boolean, top?: boolean}} props top: it stands high, for what grows below
 */
export function Above({ label, close, children, wide, top }) {
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useLayoutEffect(() => {
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    box.current?.showModal();
    return () => before?.focus?.();
  }, []);
  /** @param {MouseEvent} event */
  const outside = (event) => event.target === box.current && close();
  return html`<dialog ref=${box} aria-label=${label} class=${wide ? "wide-dialog" : top ? "top-dialog" : ""} onClose=${close} onCancel=${close} onMouseDown=${outside}>${children}</dialog>`;
}
