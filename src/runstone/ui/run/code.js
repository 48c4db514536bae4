/** How a run came about: its command, the state of its code with what was not committed, and its environment. */

import { bytes, useAnswer } from "../ground/api.js";
import { counted, size } from "../ground/format.js";
import { html, useState } from "../ground/html.js";
import { safe } from "../ground/markdown.js";
import { flat } from "../ground/quoted.js";
import { Code as Snippet, Copy } from "../parts/code.js";
import { Diff } from "../parts/diff.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { fileAddress, FOLDER } from "./console.js";
import { Again } from "./loading.js";

/** Bytes of a file that are shown. */
const MOST = 2 ** 21;

/**
 * A text that was recorded; null where there is none, undefined until it is known.
 * @param {string} run @param {{path: string, file_size?: number}[] | undefined} files @param {string} name
 */
function useText(run, files, name) {
  const file = files?.find((one) => one.path === `${FOLDER}/${name}`);
  const answer = useAnswer(file ? ["text", run, file.path, file.file_size] : null, async (signal) =>
    new TextDecoder().decode(await bytes(fileAddress(run, file?.path ?? ""), { signal, range: (file?.file_size ?? 0) > MOST ? [0, MOST - 1] : undefined })));
  return { file, text: files && !file ? null : answer.data, error: answer.error, again: answer.again };
}

/** @param {{run: any, tags: Map<string, string>, files: {path: string, file_size?: number}[] | undefined}} props files: what was recorded */
export function Code({ run, tags, files }) {
  const id = run.info.run_id;
  const patch = useText(id, files, "diff.patch");
  const command = tags.get("runstone.command");
  const [commit, branch, origin, dirty] = ["commit", "branch", "repoURL", "dirty"].map((name) => tags.get(`mlflow.source.git.${name}`));
  return html`<div class="halves">
    <div class="column">
      <section class="card" aria-label="Code"><header><h2>Code</h2></header><div class="inside"><dl class="facts">
        ${command && html`<dt>Command</dt><dd class="row"><code class="grow">${command}</code><${Copy} text=${flat(command)} /></dd>`}
        <dt>Source</dt><dd>${tags.get("mlflow.source.name") ? html`<code>${tags.get("mlflow.source.name")}</code>` : html`<span class="quiet">not known</span>`} <span class="quiet small">${tags.get("mlflow.source.type")?.toLowerCase()}</span></dd>
        ${commit ? html`<dt>Commit</dt><dd class="row"><code class="cut">${commit}</code><${Copy} text=${flat(commit)} /></dd>` : html`<dt>Commit</dt><dd class="quiet">none: the code lay in no git checkout</dd>`}
        ${branch && html`<dt>Branch</dt><dd><code>${branch}</code></dd>`}
        ${origin && html`<dt>Origin</dt><dd>${safe(origin).startsWith("http") ? html`<a href=${origin} target="_blank" rel="noopener noreferrer">${origin}</a>` : html`<code>${origin}</code>`}</dd>`}
        ${dirty && html`<dt>State</dt><dd>${dirty === "true" ? html`<span class="tag warn">changed since the commit</span>` : "as it was committed"}</dd>`}
      </dl></div></section>
      <section class="card" aria-label="Changes"><header class="wrap"><h2 class="grow">What was not committed</h2>${patch.file && html`<span class="quiet small">${size(patch.file.file_size)}</span><a class="button" href=${fileAddress(id, patch.file.path)} download=${`${id}.patch`}>Save</a>`}</header>
        <div class="inside">${patch.error
          ? html`<${Trouble} error=${patch.error} again=${patch.again} />`
          : patch.text === undefined
            ? html`<${Skeleton} rows=${6} />`
            : patch.text === null
              ? html`<p class="quiet">${dirty === "false" ? "Nothing: the code is the commit's." : "Nothing was recorded."}</p>`
              : html`<${Diff} text=${patch.text} />`}</div></section>
    </div>
    <div class="column">
      <${Again} run=${run} tags=${tags} />
      <${Environment} run=${id} tags=${tags} files=${files} />
    </div>
  </div>`;
}

/** @param {{run: string, tags: Map<string, string>, files: {path: string, file_size?: number}[] | undefined}} props */
function Environment({ run, tags, files }) {
  const { file, text, error, again } = useText(run, files, "packages.txt");
  const [find, setFind] = useState("");
  const packages = (text ?? "").split("\n").filter(Boolean).map((line) => line.split("==", 2));
  const shown = packages.filter(([name]) => name.toLowerCase().includes(find.toLowerCase()));
  return html`<section class="card" aria-label="Environment"><header class="wrap"><h2 class="grow">Environment</h2>
    ${packages.length > 0 && html`<input type="search" placeholder="Find a package" aria-label="Find a package" value=${find} onInput=${(/** @type {any} */ event) => setFind(event.target.value)} />
    <${Copy} text=${text ?? ""} label="Copy" />`}</header>
    <div class="inside column"><dl class="facts">
      ${tags.get("runstone.python") && html`<dt>Python</dt><dd>${tags.get("runstone.python")}</dd>`}
      ${tags.get("runstone.host") && html`<dt>Host</dt><dd>${tags.get("runstone.host")}${tags.get("runstone.pid") ? html` <span class="quiet small">process ${tags.get("runstone.pid")}</span>` : ""}</dd>`}
      ${packages.length > 0 && html`<dt>Packages</dt><dd>${find ? `${shown.length} of ` : ""}${counted(packages.length, "distribution")}</dd>`}
    </dl></div>
    ${error
      ? html`<${Trouble} error=${error} again=${again} />`
      : text === undefined
        ? html`<div class="inside"><${Skeleton} rows=${8} /></div>`
        : text === null
          ? html`<div class="inside column"><p class="quiet">No packages were recorded.</p><${Snippet} text=${"RUNSTONE_PROVENANCE=1 runstone run train.py"} /></div>`
          : html`<div class="scroll packages" tabindex="0" role="region" aria-label="Packages"><table class="plain"><thead class="hidden"><tr><th>Distribution</th><th>Version</th></tr></thead><tbody>${shown.map(([name, version]) => html`<tr key=${name}><td>${name}</td><td class="mono">${version ?? ""}</td></tr>`)}</tbody></table>
            ${shown.length === 0 && file && html`<p class="inside quiet">None is called so.</p>`}</div>`}
  </section>`;
}
