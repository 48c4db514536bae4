/** What a stored model says of itself, and what the server sees in its files without running them. */

import { get, useAnswer } from "../ground/api.js";
import { counted, size } from "../ground/format.js";
import { html, useState } from "../ground/html.js";
import { python, shell } from "../ground/quoted.js";
import { here } from "../parts/begin.js";
import { Code } from "../parts/code.js";
import { Skeleton, Trouble } from "../parts/states.js";

/** @typedef {{model_id: string} | {name: string, version: string}} Of which model */
/**
 * @typedef {{owner: string, path: string, files: number, size: number, model?: any, problem?: string, texts?: Record<string, string>, signed?: string, altered?: string[]}} Description
 * @typedef {{file: string, kind: string, verdict: string, imports?: {name: string, verdict: string}[], more?: number, problems?: string[]}} Scanned
 */

/** @param {Of} of @returns {import("../ground/api.js").Answer<Description>} */
export const useDescription = (of) => useAnswer(["description", of], (signal) => get("/runstone/models/description", /** @type {any} */ (of), signal));

/** @type {Record<string, [string, string]>} what a verdict is called, and what follows from it */
const VERDICTS = {
  harmless: ["Harmless", "Nothing in its files runs code of its own when it is loaded."],
  unknown: ["Unknown code", "Loading it runs code that is on no list: its maker's own classes and functions, or a library's."],
  dangerous: ["Dangerous", "Loading it imports what runs whatever it is told. Load it only if you know who made it."],
};

/** @param {{of: Of, description?: Description}} props */
export function Safety({ of, description }) {
  const [all, setAll] = useState(false);
  const { data, error, again } = useAnswer(["scan", of], (signal) => get("/runstone/models/scan", /** @type {any} */ (of), signal));
  const [word, text] = VERDICTS[data?.verdict ?? ""] ?? ["", ""];
  /** @type {Scanned[]} */
  const files = data?.files ?? [];
  return html`<section class="card"><header><h2 class="grow">Safety</h2>${data && html`<span class=${`verdict ${data.verdict}`}>${word}</span>`}</header>
    <div class="inside column">
      ${error ? html`<p class="note bad">${error.message} <button type="button" onClick=${again}>Try again</button></p>` : !data ? html`<${Skeleton} rows=${2} label="Its files are looked at" />` : html`<p>${text}</p>
        ${(all ? files : files.slice(0, 5)).map((one) => html`<${File} key=${one.file} file=${one} />`)}
        ${files.length > 5 && !all && html`<button type="button" class="plain" onClick=${() => setAll(true)}>All ${files.length} files</button>`}`}
      ${description && html`<${Signed} description=${description} />`}
    </div></section>`;
}

/** @param {{file: Scanned}} props */
function File({ file }) {
  const told = (file.imports ?? []).filter((one) => one.verdict !== "harmless");
  const fine = (file.imports ?? []).length - told.length + (file.more ?? 0);
  return html`<div class="scanned"><span class="row wrap"><code>${file.file || "…"}</code>${file.kind && html`<span class="tag">${file.kind}</span>`}<span class=${`verdict small ${file.verdict}`}>${file.verdict}</span></span>
    ${(file.problems ?? []).map((one) => html`<p class="quiet small">${one}</p>`)}
    ${(told.length > 0 || fine > 0) && html`<details><summary class="quiet small">${told.length > 0 ? `imports ${told.slice(0, 3).map((one) => one.name).join(", ")}${told.length > 3 ? " …" : ""}` : `imports ${counted(fine, "harmless name")}`}</summary>
      <ul class="imports">${(file.imports ?? []).map((one) => html`<li class="mono"><span class=${`verdict small ${one.verdict}`}>${one.verdict}</span> ${one.name}</li>`)}${file.more ? html`<li class="quiet">${file.more} more</li>` : ""}</ul></details>`}
  </div>`;
}

/** @param {{description: Description}} props */
function Signed({ description }) {
  const { signed, altered = [] } = description;
  if (signed === "signed") return html`<p><span class="verdict harmless small">signed</span> Its files are as they were signed. By whom, only the key says: <code>runstone models verify MODEL --key key.pub</code></p>`;
  if (signed === "altered") return html`<p class="note bad">Signed, but its files are not those that were signed: ${altered.join(", ")}.</p>`;
  if (signed === "broken") return html`<p class="note bad">There is a signature, but it cannot be read.</p>`;
  return html`<p class="quiet small">Not signed. <code>runstone models sign MODEL --key key</code> does it.</p>`;
}

/** @param {{description: Description}} props */
export function Requirements({ description }) {
  const texts = description.texts ?? {};
  const [at, setAt] = useState("requirements.txt");
  const names = ["requirements.txt", "constraints.txt", "requirements.lock", "python_env.yaml"].filter((name) => texts[name] !== undefined);
  const name = names.includes(at) ? at : names[0];
  return html`<section class="card"><header class="wrap"><h2 class="grow">Environment</h2>
      ${names.length > 1 && html`<span class="buttons" role="group" aria-label="File">${names.map((one) => html`<button type="button" class="small" aria-pressed=${one === name} onClick=${() => setAt(one)}>${one}</button>`)}</span>`}</header>
    <div class="inside">${name ? html`<div class="tall"><${Code} text=${texts[name].trim() || "# nothing"} label=${name} /></div>` : html`<p class="quiet">It does not say what it needs.</p>`}</div></section>`;
}

/** @param {{description: Description}} props */
export function Flavors({ description }) {
  const flavors = Object.entries(description.model?.flavors ?? {});
  return html`<section class="card"><header><h2 class="grow">Flavors</h2><span class="quiet small">${counted(description.files, "file")}, ${size(description.size)}</span></header>
    ${description.problem ? html`<p class="inside quiet">${description.problem}</p>` : html`<div class="inside column">
      ${flavors.map(([name, block]) => html`<div key=${name}><h3 class="part">${name}</h3><dl class="facts small">${Object.entries(block && typeof block === "object" ? block : {}).filter(([, value]) => value !== null).map(([key, value]) => html`<dt>${key}</dt><dd class="mono">${typeof value === "object" ? JSON.stringify(value) : String(value)}</dd>`)}</dl></div>`)}
      ${description.model?.metadata && html`<div><h3 class="part">metadata</h3><code>${JSON.stringify(description.model.metadata)}</code></div>`}
    </div>`}</section>`;
}

/** @param {{uri: string}} props */
export function LoadIt({ uri }) {
  const text = python(uri);
  return html`<section class="card"><header><h2>Load it</h2></header><div class="inside column">
    <${Code} text=${`import runstone\n\nrunstone.set_tracking_uri(${python(here())})\n# the library's own object\nmodel = runstone.load_model(${text})\n# whichever library: model.predict(data)\nmodel = runstone.pyfunc.load_model(${text})`} label="Load it" />
    <${Code} text=${`runstone models serve --store ${shell(here())} -m ${shell(uri)}`} label="Serve it" />
  </div></section>`;
}

/**
 * What the model's files say, in cards.
 * @param {{of: Of, uri: string, description: import("../ground/api.js").Answer<Description>}} props
 */
export function Stored({ of, uri, description }) {
  return html`<${LoadIt} uri=${uri} />
    ${description.error && !description.data ? html`<${Trouble} error=${description.error} again=${description.again} />` : !description.data ? html`<div class="card inside-card"><${Skeleton} rows=${6} /></div>` : html`
      <${Safety} of=${of} description=${description.data} /><${Requirements} description=${description.data} /><${Flavors} description=${description.data} />`}`;
}
