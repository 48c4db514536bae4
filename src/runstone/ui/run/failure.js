/** What ended a run that failed: the traceback that stands at the end of its console. */

import { bytes, useAnswer } from "../ground/api.js";
import { html } from "../ground/html.js";
import { link } from "../ground/route.js";
import { consoles, fileAddress } from "./console.js";
import { traceback } from "./traceback.js";

/** Bytes at the end of a console that are looked through. */
const TAIL = 64 * 1024;

/** @param {{run: any}} props */
export function Failure({ run }) {
  const { run_id: id, status, experiment_id: experiment } = run.info;
  const ended = status === "FAILED" || status === "KILLED";
  const { data } = useAnswer(ended ? ["failure", id, status] : null, async (signal) => {
    for (const { path, file_size: size = 0 } of (await consoles(id, signal)).reverse()) {
      if (size === 0) continue;
      const tail = await bytes(fileAddress(id, path), { range: [Math.max(0, size - TAIL), size - 1], signal });
      const found = traceback(new TextDecoder().decode(tail));
      if (found) return { ...found, path };
    }
    return null;
  });
  if (!ended || (status === "KILLED" && !data)) return null;
  const logs = link(["experiments", experiment, "runs", id, "logs"], { file: data?.path === ".runstone/console.log" ? null : data?.path });
  return html`<section class="failure note bad" role="region" aria-label="Why it failed">
    <div class="row wrap"><strong class="grow">${data ? html`<code class="bare">${data.exception}</code>` : "The run failed."}</strong><a href=${logs}>Console</a></div>
    ${data && html`<details><summary>Traceback</summary><pre tabindex="0">${data.whole}</pre></details>`}
    ${data === undefined && html`<p class="small">Its console is looked through…</p>`}
    ${data === null && html`<p class="small">No traceback was recorded: the program ended it by an exit code, or its console was switched off.</p>`}
  </section>`;
}
