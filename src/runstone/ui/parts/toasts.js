/** Short words at the edge: what was done, with a way back where there is one. */

import { html, signal } from "../ground/html.js";

/** @typedef {{id: number, text: string, bad: boolean, undo?: () => unknown, about?: unknown}} Toast */

/** @type {import("@preact/signals").Signal<Toast[]>} */
const there = signal([]);
let last = 0;

/**
 * Say what was done (or what failed) for some seconds.
 * @param {string} text
 * @param {{bad?: boolean, undo?: () => unknown, about?: unknown}} [how] about: what was said of the same before is taken back
 */
export function say(text, { bad = false, undo, about } = {}) {
  last += 1;
  const id = last;
  there.value = [...there.value.filter((one) => about === undefined || one.about !== about).slice(-3), { id, text, bad, undo, about }];
  window.setTimeout(() => drop(id), bad || undo ? 10_000 : 4_000);
}

/** @param {number} id */
const drop = (id) => {
  there.value = there.value.filter((one) => one.id !== id);
};

/**
 * Do something and tell when it fails.
 * @template T
 * @param {() => Promise<T>} act
 * @param {string} [done]
 */
export async function tried(act, done) {
  try {
    const answer = await act();
    if (done) say(done);
    return answer;
  } catch (error) {
    say(/** @type {Error} */ (error).message, { bad: true });
    return undefined;
  }
}

/** Where they are drawn; once in the page. */
export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${there.value.map(
      (one) => html`<div key=${one.id} class=${one.bad ? "toast bad" : "toast"}>
        <span class="grow">${one.text}</span>
        ${one.undo && html`<button type="button" class="plain" onClick=${() => (drop(one.id), one.undo?.())}>Undo</button>`}
        <button type="button" class="plain" aria-label="Close" onClick=${() => drop(one.id)}>×</button>
      </div>`,
    )}
  </div>`;
}
