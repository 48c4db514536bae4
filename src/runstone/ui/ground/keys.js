/** The keyboard: what a page binds is listed by `?`. Nothing is taken from whoever types into a field. */

import { useLayoutEffect } from "./html.js";

/** @typedef {{keys: string, does: string, everywhere?: boolean, run: (event: KeyboardEvent) => void}} Binding everywhere: on all pages */

/** @type {Set<Binding>} */
const bound = new Set();

/** All that can be pressed now, the newest first. */
export const bindings = () => [...bound].reverse();

/**
 * Bind keys while a component is there.
 * @param {Binding[]} list keys as KeyboardEvent.key says them ("/", "j", "Escape"), "mod+k" with Ctrl or Command, several apart by a space
 */
export function useKeys(list) {
  // Before the next key can be pressed, not after the next picture: who types quickly means what the last key has brought.
  useLayoutEffect(() => {
    for (const one of list) bound.add(one);
    return () => {
      for (const one of list) bound.delete(one);
    };
  });
}

const APPLE = /Mac|iP(hone|ad)/.test(navigator.platform);

/**
 * A key as people write it.
 * @param {string} key one of a binding's
 */
export const spelled = (key) => key.replace("mod+", APPLE ? "⌘ " : "Ctrl ").replace("ArrowDown", "↓").replace("ArrowUp", "↑").replace(/ ([a-z])$/, (_, letter) => ` ${letter.toUpperCase()}`);

/** @param {EventTarget | null} target */
function typing(target) {
  if (target instanceof HTMLInputElement && target.type === "checkbox") return false; // a box takes Space only
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/**
 * Whether Enter means what has the focus.
 * @param {EventTarget | null} target
 */
const pressable = (target) => target instanceof Element && target.closest("a, button, summary, label") !== null;

window.addEventListener("keydown", (event) => {
  const mod = event.ctrlKey || event.metaKey;
  if (event.defaultPrevented || event.altKey || (typing(event.target) && event.key !== "Escape" && !mod)) return;
  if (document.querySelector("dialog[open]") && !mod && event.key !== "Escape") return;
  if (event.key === "Enter" && pressable(event.target)) return;
  const pressed = (mod ? "mod+" : "") + event.key;
  const found = bindings().find((one) => one.keys.split(" ").includes(pressed));
  if (found) {
    event.preventDefault();
    found.run(event);
  }
});
