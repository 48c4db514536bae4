/** Questions that lie above the page: the browser's own dialog, which keeps the focus and closes by Escape. */

import { html, signal, useLayoutEffect, useRef, useState } from "../ground/html.js";

/**
 * A field. Of those with `choices` any may be chosen: its value has a line for each. What is `secret` is not shown while it is typed.
 * @typedef {{label: string, name: string, value?: string, lines?: number, choices?: string[], secret?: boolean, optional?: boolean, hint?: string}} Field
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
      await question.then(Object.fromEntries((question.fields ?? []).map(({ name }) => [name, form.getAll(name).join("\n")])));
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
        (field) => field.choices ? html`<${Choices} field=${field} />` : html`<label class="field">${field.label}
          ${field.lines
            ? html`<textarea name=${field.name} rows=${field.lines} defaultValue=${field.value ?? ""} />`
            : html`<input name=${field.name} type=${field.secret ? "password" : "text"} defaultValue=${field.value ?? ""} required=${!field.optional} autocomplete=${field.secret ? "new-password" : "off"} />`}
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

/** @param {{field: Field}} props */
function Choices({ field }) {
  const chosen = (field.value ?? "").split("\n");
  return html`<fieldset class="field"><legend>${field.label}</legend>
    ${field.choices?.map((one) => html`<label key=${one} class="choice"><input type="checkbox" name=${field.name} value=${one} defaultChecked=${chosen.includes(one)} /> ${one}</label>`)}
  </fieldset>`;
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
