/** Code that loads what a run left, and commands that run it again. */

import { html, useState } from "../ground/html.js";
import { Code } from "../parts/code.js";

/** A text as Python spells it. @param {string} text */
const python = (text) => JSON.stringify(text);

/** A text as a shell takes it for one word. @param {string} text */
export const word = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** Where this server is, for a client. */
const server = () => window.location.origin + window.location.pathname.replace(/\/$/, "");

/** @param {{run: any, models: string[]}} props models: ids of the logged models that the run made */
export function Loading({ run, models }) {
  const [kind, setKind] = useState("runstone");
  const id = run.info.run_id;
  const metric = run.data?.metrics?.[0]?.key;
  const lines = [
    `import ${kind}`, "", `${kind}.set_tracking_uri(${python(server())})`, `run = ${kind}.get_run(${python(id)})`, "run.data.params, run.data.metrics",
    ...(metric ? [`points = ${kind}.MlflowClient().get_metric_history(${python(id)}, ${python(metric)})`] : []),
    `folder = ${kind}.artifacts.download_artifacts(run_id=${python(id)})`,
    ...(models.length > 0 ? [`model = ${kind}.pyfunc.load_model(${python(`models:/${models[0]}`)})`] : []),
  ];
  return html`<section class="card" aria-label="Load it"><header><h2 class="grow">Load it</h2>
    <span class="buttons">${["runstone", "mlflow"].map((one) => html`<button type="button" aria-pressed=${kind === one} onClick=${() => setKind(one)}>${one}</button>`)}</span></header>
    <div class="inside"><${Code} text=${lines.join("\n")} /></div></section>`;
}

/**
 * The words of a command as a shell would tell them apart. What was recorded may be anybody's, so nothing in it may mean more than a word.
 * @param {string} command
 */
export function words(command) {
  /** @type {string[]} */
  const found = [];
  for (const [, spelt] of command.replace(/[\x00-\x1f\x7f]+/g, " ").matchAll(/((?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*"|['"\\])+)/g)) {
    found.push(spelt.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g, (_, single, double, one) => single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? one));
  }
  return found;
}

/**
 * The commands that run it again, from what is known of its code.
 * @param {any} run
 * @param {Map<string, string>} tags
 */
export function rerun(run, tags) {
  const command = words(tags.get("runstone.command") || tags.get("mlflow.source.name") || "");
  if (command.length === 0) return "";
  const [commit, origin] = [tags.get("mlflow.source.git.commit") ?? "", tags.get("mlflow.source.git.repoURL") ?? ""];
  const folder = origin.replace(/\/+$/, "").replace(/\.git$/, "").split(/[/:]/).at(-1) ?? "";
  const told = [`export RUNSTONE_URI=${word(server())}`];
  if (/^(?:(?:https?|ssh):\/\/|[\w.-]+@[\w.-]+:)/.test(origin) && /^\w/.test(folder)) told.push(`git clone ${word(origin)} && cd ${word(folder)}`);
  if (/^[0-9a-f]{7,64}$/.test(commit)) {
    told.push(`git checkout ${commit}`);
    if (tags.get("mlflow.source.git.dirty") === "true") told.push(`runstone artifacts cat ${run.info.run_id} .runstone/diff.patch | git apply`);
  }
  told.push(`${/\.(?:py|pyz|zip)$/.test(command[0]) ? "runstone run " : ""}${command.map(word).join(" ")}`);
  return told.join("\n");
}

/** @param {{run: any, tags: Map<string, string>}} props */
export function Again({ run, tags }) {
  const text = rerun(run, tags);
  if (!text) return null;
  const hidden = text.includes("***");
  return html`<section class="card" aria-label="Run it again"><header><h2>Run it again</h2></header><div class="inside column">
    <${Code} text=${text} label="Commands" />
    ${hidden && html`<p class="small quiet">*** stands for what was not recorded: secrets are left out.</p>`}
  </div></section>`;
}
