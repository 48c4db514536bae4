/**
 * What goes on in some experiments, as the server tells it: which runs are under way and how far they are. The connection is made again when it
 * breaks; a tab that nobody looks at is told nothing.
 */

import { address } from "./api.js";
import { useEffect, useRef, useState } from "./html.js";
import { doubted } from "./reach.js";

/** @typedef {{run_id: string, points: number, heard?: number, files?: number}} RunPulse files: another number when files have come, changed or gone */
/** @typedef {{running: RunPulse[], runs: number, newest: number}} Pulse */

/** Milliseconds between two pulses that are drawn: each may ask for much. The first after a while is drawn at once. */
const PAUSE = 400;

/** Connections by the experiments they tell of: parts of a page that look at the same have one, for a browser has six for a server. */
/** @type {Map<string, {listeners: Set<(pulse: Pulse) => void>, latest: Pulse | null, close: () => void}>} */
const connections = new Map();

/** @param {string} told experiments */
function connected(told) {
  const there = connections.get(told);
  if (there) return there;
  /** @type {EventSource | null} */
  let source = null;
  let last = 0;
  let timer = 0;
  const made = { listeners: /** @type {Set<(pulse: Pulse) => void>} */ (new Set()), latest: /** @type {Pulse | null} */ (null), close: () => undefined };
  const show = () => {
    timer = 0;
    last = performance.now();
    if (made.latest) for (const tell of made.listeners) tell(made.latest);
  };
  const open = () => {
    source = new EventSource(address("/runstone/events", { experiments: told }));
    source.onerror = () => doubted();
    source.onmessage = (event) => {
      const { running = [], runs = 0, newest = 0 } = JSON.parse(event.data);
      made.latest = { running, runs, newest };
      timer ||= window.setTimeout(show, Math.max(0, last + PAUSE - performance.now()));
    };
  };
  const seen = () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (!source) open();
  };
  seen();
  document.addEventListener("visibilitychange", seen);
  made.close = () => {
    document.removeEventListener("visibilitychange", seen);
    window.clearTimeout(timer);
    source?.close();
    connections.delete(told);
  };
  connections.set(told, made);
  return made;
}

/**
 * The pulse of some experiments, and a number that rises with each change.
 * @param {string[]} experiments
 * @returns {{pulse: Pulse | null, turn: number}}
 */
export function usePulse(experiments) {
  const [state, setState] = useState(/** @type {{pulse: Pulse | null, turn: number}} */ ({ pulse: null, turn: 0 }));
  const told = experiments.join(",");
  useEffect(() => {
    const connection = connected(told);
    /** @param {Pulse} pulse */
    const tell = (pulse) => setState((before) => ({ pulse, turn: before.pulse === null ? before.turn : before.turn + 1 }));
    connection.listeners.add(tell);
    if (connection.latest) tell(connection.latest);
    return () => {
      connection.listeners.delete(tell);
      if (connection.listeners.size === 0) connection.close();
    };
  }, [told]);
  return state;
}

/**
 * Ask again for what is dear to ask for when something has gone on: with a pause in between, and not while an answer is under way.
 * @param {Pulse | null} pulse
 * @param {boolean} busy whether an answer is under way
 * @param {number} pause milliseconds
 * @param {() => void} again
 */
export function useRenewal(pulse, busy, pause, again) {
  const seen = useRef(pulse);
  const last = useRef(0);
  useEffect(() => {
    seen.current ??= pulse; // the first pulse tells of what has been there
    if (busy || pulse === seen.current) return undefined;
    const waiting = window.setTimeout(() => {
      seen.current = pulse;
      last.current = Date.now();
      again();
    }, Math.max(0, last.current + pause - Date.now()));
    return () => window.clearTimeout(waiting);
  }, [pulse, busy]);
}
