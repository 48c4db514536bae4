/** Where runs ran and what they ran: the code as git knows it, what was not committed, the packages. */

import { html } from "../ground/html.js";
import { link } from "../ground/route.js";
import { file, text } from "./runs.js";
import { keysOf, texts } from "./sheet.js";

export const PATCH = ".runstone/diff.patch";
const PACKAGES = ".runstone/packages.txt";

const CODE = /** @type {[string, string][]} */ ([
  ["source", "mlflow.source.name"], ["command", "runstone.command"], ["commit", "mlflow.source.git.commit"], ["branch", "mlflow.source.git.branch"],
  ["repository", "mlflow.source.git.repoURL"], ["not committed", "mlflow.source.git.dirty"],
]);
const MACHINE = /** @type {[string, string][]} */ ([["host", "runstone.host"], ["Python", "runstone.python"], ["Docker image", "mlflow.docker.image.name"]]);

/** @typedef {{packages: Map<string, string>, patch?: string}} Beside */

/**
 * What lies beside a run: its packages by name, what was not committed.
 * @param {import("./runs.js").Compared} run
 * @param {AbortSignal} signal
 * @returns {Promise<Beside>}
 */
export async function besideOf(run, signal) {
  const [packages, patch] = await Promise.all([file(run.run_id, PACKAGES, signal), file(run.run_id, PATCH, signal)]);
  return { packages: versions(packages ? text(packages) : ""), patch: patch ? text(patch) : undefined };
}

/** @param {string} list lines such as numpy==2.0.1 @returns {Map<string, string>} */
export function versions(list) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const line of list.split("\n")) {
    const [, name, version] = line.match(/^\s*([\w.-]+)\s*(?:===?|@)\s*(\S.*)$/) ?? [];
    if (name) found.set(name.toLowerCase(), version.trim());
  }
  return found;
}

/**
 * @param {import("./runs.js").Compared[]} runs
 * @param {Beside[]} beside
 * @param {number} base
 * @param {(path: string, at: number) => void} open
 * @returns {import("./sheet.js").Section[]}
 */
export function sections(runs, beside, base, open) {
  /** @param {[string, string][]} list */
  const told = (list) => list.map(([title, key]) => texts(title, runs.map((run) => run.tags.get(key)), base)).filter((row) => row.cells.some((cell) => cell !== null));
  const patches = beside.map(({ patch }) => patch);
  const patch = {
    key: "diff", differs: patches.some((one) => one !== patches[0]), other: base < 0 ? undefined : patches.map((one) => one !== patches[base]),
    cells: patches.map((one, at) => {
      const count = one === undefined ? 0 : one.split("\n").filter((line) => /^[+-](?![+-]{2} )/.test(line)).length;
      const lines = one === undefined ? html`<span class="quiet">none</span>` : html`<a href=${link(["experiments", runs[at].experiment_id, "runs", runs[at].run_id, "artifacts", ...PATCH.split("/")])}>${count} lines</a>`;
      const apart = base >= 0 && at !== base && one !== patches[base];
      return html`<span class="row">${lines}${apart && html`<button type="button" class="plain small link" aria-label="How the diff differs from the baseline's" onClick=${() => open(PATCH, at)}>differs</button>`}</span>`;
    }),
  };
  return [
    { title: "Code", rows: [...told(CODE), ...(patches.some(Boolean) ? [patch] : [])], none: "None was recorded." },
    { title: "Machine", rows: told(MACHINE), none: "Nothing was recorded." },
    { title: "Packages", rows: keysOf(beside.map(({ packages }) => packages)).map((key) => texts(key, beside.map(({ packages }) => packages.get(key)), base)), none: "None were recorded." },
  ];
}
