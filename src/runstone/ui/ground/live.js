/**
 * What goes on in some experiments, as the server tells it: which runs are under way and how far they are. The connection is made again when it
 * breaks; a tab that nobody looks at is told nothing.
 */

import { address } from "./api.js";
import { useEffect, useRef, useState } from "./html.js";

/** @typedef {{run_id: string, points: number, heard?: number}} RunPulse */
/** @typedef {{running: RunPulse[], runs: number, newest: number}} Pulse */

/** Milliseconds between two pulses that are drawn: each may ask for much. */
const PAUSE = 400;

/**
 * The pulse of some experiments, and a number that rises with each change.
 * @param {string[]} experiments
 * @returns {{pulse: Pulse | null, turn: number}}
 */
export function usePulse(experiments) {
  const [state, setState] = useState(/** @type {{pulse: Pulse | null, turn: number}} */ ({ pulse: null, turn: 0 }));
  const waiting = useRef(0);
  const told = experiments.join(",");
  useEffect(() => {
    /** @type {EventSource | null} */
    let source = null;
    /** @type {Pulse | null} */
    let latest = null;
    const show = () => {
      waiting.current = 0;
      setState((before) => ({ pulse: latest, turn: before.pulse === null ? before.turn : before.turn + 1 }));
    };
    const open = () => {
      source = new EventSource(address("/runstone/events", { experiments: told }));
      source.onmessage = (event) => {
        const { running = [], runs = 0, newest = 0 } = JSON.parse(event.data);
        latest = { running, runs, newest };
        waiting.current ||= window.setTimeout(show, PAUSE);
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
    return () => {
      document.removeEventListener("visibilitychange", seen);
      window.clearTimeout(waiting.current);
      waiting.current = 0;
      source?.close();
    };
  }, [told]);
  return state;
}
