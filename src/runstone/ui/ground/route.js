/**
 * Where the page is: everything of it stands in the address behind the #, so that a link shows what its sender saw. The paths are MLflow's
 * (#/experiments/1/runs/ID), which its clients print.
 */

import { signal } from "./html.js";

/** @typedef {{parts: string[], query: URLSearchParams}} Place */

/** @returns {Place} */
function read() {
  const text = window.location.hash.replace(/^#/, "");
  const [path, query = ""] = text.split(/\?(.*)/s);
  return { parts: path.split("/").filter(Boolean).map(plain), query: new URLSearchParams(query) };
}

/** @param {string} part */
function plain(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a % that begins nothing
  }
}

/** Where the page is. */
export const place = signal(read());

window.addEventListener("hashchange", () => {
  place.value = read();
});

/**
 * The address of a place in the page.
 * @param {(string | number)[]} parts
 * @param {Record<string, unknown> | URLSearchParams} [query] what is null, undefined, false or "" is left out
 */
export function link(parts, query = {}) {
  const told = query instanceof URLSearchParams ? query : new URLSearchParams();
  if (!(query instanceof URLSearchParams)) {
    for (const [name, value] of Object.entries(query)) {
      if (value !== null && value !== undefined && value !== false && value !== "") told.set(name, String(value));
    }
  }
  const text = told.toString();
  return "#/" + parts.map((part) => encodeURIComponent(part)).join("/") + (text ? `?${text}` : "");
}

/**
 * Go to a place.
 * @param {(string | number)[]} parts
 * @param {Record<string, unknown> | URLSearchParams} [query]
 */
export function go(parts, query) {
  window.location.hash = link(parts, query);
}

/**
 * Change some of the query; null takes a name away. Typing and dragging replace the address, so that "back" leads to where one came from; what
 * makes another picture of it (a filter, a view, groups) is a step of its own.
 * @param {Record<string, string | number | boolean | null>} changes
 * @param {{push?: boolean}} [how]
 */
export function change(changes, { push = false } = {}) {
  const query = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "" || value === false) query.delete(name);
    else query.set(name, String(value));
  }
  const next = link(place.value.parts, query);
  if (next === window.location.hash) return;
  if (push) window.history.pushState(null, "", next);
  else window.history.replaceState(null, "", next);
  place.value = read();
}
