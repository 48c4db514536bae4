/** A run's status; of one that is under way, how long ago the last point came, and whether that is so long that it may be gone. */

import { ago } from "../ground/format.js";
import { html, signal, useEffect, useState } from "../ground/html.js";
import { silent } from "./ending.js";

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
  return last ? html`<${Beat} last=${last} />` : html`<span class=${`status ${run.status}`}>${run.status.toLowerCase()}</span>`;
}

const TICK = 5_000;

/** The status of a run under way, with a time ago that goes on. @param {{last: number}} props */
function Beat({ last }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const ticking = window.setInterval(() => tick((before) => before + 1), TICK);
    return () => window.clearInterval(ticking);
  }, []);
  const still = silent("RUNNING", last);
  return html`<span class=${still ? "status SILENT" : "status RUNNING"} title=${`The last point came ${ago(last)}.${still ? " It may be gone: its menu (⋯) marks it as killed." : ""}`}><span aria-hidden="true">running</span><span class="hidden">${still ? "running, as far as is known; " : "running, "}the last point </span><span class="quiet">${ago(last).replace(/ ago$/, "")}<span class="hidden"> ago</span></span>${still && html` <span aria-hidden="true">?</span>`}</span>`;
}
