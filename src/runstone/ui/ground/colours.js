/**
 * Colours of runs. A run keeps its colour everywhere: it is decided by the run's number in the store, so that runs which came one after the other
 * have hues that are far from each other (hues.js); or by the tag mlflow.runColor, which MLflow's page writes, too. Numbers come with the rows of a
 * table; of other runs they are asked for, all that are drawn within a moment together, and a run is grey until its number has come.
 */

import { post, Refused } from "./api.js";
import { effect, signal } from "./html.js";
import { HUES, NEUTRAL } from "./hues.js";
import { dark } from "./kept.js";
import { returns } from "./reach.js";

/** Runs of one question, numbers that are remembered. */
const TOGETHER = 2_000;
const KEPT = 200_000;

/** Numbers by run; 0: there is no such run. @type {Map<string, number>} */
const numbers = new Map();
/** Runs whose numbers are to be asked for, and those of which it is being asked. @type {Set<string>} */
const waiting = new Set();
/** @type {Set<string>} */
const under = new Set();
/** Rises when numbers have come that somebody has drawn without. */
const told = signal(0);
let timer = 0;

/**
 * A run's colour, on the ground as it is now. A component that draws it is drawn again when it becomes known, or the ground another one.
 * @param {string} id
 * @param {string | null} [chosen] what its tag says
 */
export function colour(id, chosen) {
  if (chosen && /^#[0-9a-f]{6}$/i.test(chosen)) return chosen;
  const number = numbers.get(id);
  if (number === undefined) {
    void told.value;
    want(id);
  }
  const ground = dark.value ? "dark" : "light";
  return number ? HUES[ground][(number - 1) % HUES[ground].length] : NEUTRAL[ground];
}

/** The colour of the first, second, ... of some that are no runs and are to differ, such as groups. @param {number} number */
export function nth(number) {
  const hues = HUES[dark.value ? "dark" : "light"];
  return hues[number % hues.length];
}

/** Rows of a table of runs have come: nobody needs to ask for their numbers. @param {{run_id: string, number?: number}[]} rows */
export function numbered(rows) {
  let awaited = false;
  for (const { run_id, number } of rows) {
    if (!number || numbers.has(run_id)) continue;
    awaited = waiting.delete(run_id) || under.has(run_id) || awaited;
    numbers.set(run_id, number);
  }
  if (awaited) told.value += 1;
  for (const id of numbers.keys()) {
    if (numbers.size <= KEPT) break;
    numbers.delete(id);
  }
}

/** @param {string} id */
function want(id) {
  if (waiting.has(id) || under.has(id)) return;
  waiting.add(id);
  timer ||= window.setTimeout(send, 0);
}

async function send() {
  timer = 0;
  const ids = [...waiting].slice(0, TOGETHER);
  if (ids.length === 0) return;
  for (const id of ids) {
    waiting.delete(id);
    under.add(id);
  }
  /** @type {number[]} */
  let found = [];
  let lost = false;
  try {
    found = (await post("/runstone/runs/numbers", { run_ids: ids })).numbers;
  } catch (error) {
    lost = error instanceof Refused && error.code === "UNREACHABLE";
  }
  ids.forEach((id, at) => {
    under.delete(id);
    if (lost) waiting.add(id); // until the server is back
    else if (!numbers.has(id)) numbers.set(id, found[at] ?? 0);
  });
  if (lost) return;
  told.value += 1;
  if (waiting.size > 0) timer ||= window.setTimeout(send, 0);
}

effect(() => {
  if (returns.value > 0 && waiting.size > 0) timer ||= window.setTimeout(send, 0);
});

/**
 * A colour of the style sheet, for canvases.
 * @param {string} name such as --text
 */
export const shade = (name) => window.getComputedStyle(document.documentElement).getPropertyValue(name).trim();
