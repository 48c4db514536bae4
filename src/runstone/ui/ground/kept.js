/** What the page remembers in this browser: signals that are written to its storage. What everybody is to see is in tags of the store. */

import { effect, signal } from "./html.js";

/**
 * A signal that is remembered.
 * @template T
 * @param {string} name
 * @param {T} unless what it is at first
 * @returns {import("@preact/signals").Signal<T>}
 */
export function kept(name, unless) {
  const key = `runstone.${name}`;
  let first = unless;
  try {
    first = JSON.parse(window.localStorage.getItem(key) ?? "null") ?? unless;
  } catch {
    // a browser that forbids storage, or what another version wrote: it begins anew
  }
  const value = signal(first);
  effect(() => {
    try {
      window.localStorage.setItem(key, JSON.stringify(value.value));
    } catch {
      // full or forbidden: it lasts as long as the page
    }
  });
  return value;
}

/** Experiments (and runs, as "run:ID") that stand first. */
export const favourites = kept("favourites", /** @type {string[]} */ ([]));

/** @param {string} id */
export function toggleFavourite(id) {
  const there = favourites.value.includes(id);
  favourites.value = there ? favourites.value.filter((one) => one !== id) : [...favourites.value, id];
}

/** "light", "dark", or "" for what the system says. */
export const theme = kept("theme", "");

/** Whether it is dark now, for what is drawn on canvases. */
export const dark = signal(false);

const system = window.matchMedia("(prefers-color-scheme: dark)");
const settle = () => {
  dark.value = theme.value ? theme.value === "dark" : system.matches;
  document.documentElement.dataset.theme = dark.value ? "dark" : "light";
};
effect(settle);
system.addEventListener("change", settle);
