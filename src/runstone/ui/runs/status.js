/** A run's status; of one that is under way, how long ago the last point came. */

import { ago } from "../ground/format.js";
import { html, signal, useEffect, useState } from "../ground/html.js";

/** When the last point came (ms), by run. @type {import("@preact/signals").Signal<Map<string, number>>} */
export const heard = signal(new Map());

/** A pulse's word on it. @param {import("../ground/live.js").Pulse | null} pulse */
export function hear(pulse) {
  const next = new Map((pulse?.running ?? []).flatMap((one) => (one.heard ? [[one.run_id, one.heard]] : [])));
  const before = heard.value;
  if (next.size !== before.size || [...next].some(([id, time]) => before.get(id) !== time)) heard.value = next;
}

/** @param {{run: import("./columns.js").Run}} props */
export function Status({ run }) {
  const last = run.status === "RUNNING" ? heard.value.get(run.run_id) : undefined;
  return html`<span class=${`status ${run.status}`} title=${last ? `The last point came ${ago(last)}.` : undefined}>${last ? html`<${Beat} last=${last} />` : run.status.toLowerCase()}</span>`;
}

const TICK = 5_000;

/** A time ago that goes on. @param {{last: number}} props */
function Beat({ last }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const ticking = window.setInterval(() => tick((before) => before + 1), TICK);
    return () => window.clearInterval(ticking);
  }, []);
  return html`<span class="hidden">running, the last point </span>${ago(last)}`;
}
