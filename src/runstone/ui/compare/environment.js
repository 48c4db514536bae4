/** Where runs ran and what they ran: the code as git knows it, what was not committed, the packages. */

import { get } from "../ground/api.js";
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

/** Texts by their digests: the runs of a sweep have the same packages. */
const known = /** @type {Map<string, Promise<string>>} */ (new Map());
const MOST = 100;

/**
 * What lies beside a run: its packages by name, what was not committed.
 * @param {import("./runs.js").Compared} run
 * @param {AbortSignal} signal
 * @returns {Promise<Beside>}
 */
export async function besideOf(run, signal) {
  const { files = [] } = await get("/mlflow/artifacts/list", { run_id: run.run_id, path: ".runstone" }, signal);
  /** @param {string} path */
  const read = async (path) => {
    const found = files.find((/** @type {any} */ one) => one.path === path);
    if (!found) return undefined;
    const digest = found.digest ?? `${run.run_id}/${path}`;
    if (!known.has(digest)) {
      if (known.size >= MOST) known.clear();
      // Not given up with who asks first: others wait for it, too.
      known.set(digest, file(run.run_id, path).then((content) => (content ? text(content) : "")));
      known.get(digest)?.catch(() => known.delete(digest));
    }
    return known.get(digest);
  };
  const [packages, patch] = await Promise.all([read(PACKAGES), read(PATCH)]);
  return { packages: versions(packages ?? ""), patch };
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
  const told = (list) => list.filter(([, key]) => runs.some((run) => run.tags.has(key))).map(([title, key]) => texts(title, runs.map((run) => run.tags.get(key)), base));
  const patches = beside.map(({ patch }) => patch);
  const patch = {
    key: "diff", differs: patches.some((one) => one !== patches[0]), other: base < 0 ? undefined : patches.map((one) => one !== patches[base]),
    cell: (/** @type {number} */ at) => {
      const one = patches[at];
      const count = one === undefined ? 0 : one.split("\n").filter((line) => /^[+-](?![+-]{2} )/.test(line)).length;
      const lines = one === undefined ? html`<span class="quiet">none</span>` : html`<a href=${link(["experiments", runs[at].experiment_id, "runs", runs[at].run_id, "artifacts", ...PATCH.split("/")])}>${count} lines</a>`;
      const apart = base >= 0 && at !== base && one !== patches[base];
      return html`<span class="row">${lines}${apart && html`<button type="button" class="plain small link" aria-label="How the diff differs from the baseline's" onClick=${() => open(PATCH, at)}>differs</button>`}</span>`;
    },
  };
  return [
    { title: "Code", rows: [...told(CODE), ...(patches.some(Boolean) ? [patch] : [])], none: "None was recorded." },
    { title: "Machine", rows: told(MACHINE), none: "Nothing was recorded." },
    { title: "Packages", rows: keysOf(beside.map(({ packages }) => packages)).map((key) => texts(key, beside.map(({ packages }) => packages.get(key)), base)), none: "None were recorded." },
  ];
}
