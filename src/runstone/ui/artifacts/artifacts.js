/** The files of a run or a logged model: a tree, and beside it the file or folder that was chosen. */

import { useAnswer } from "../ground/api.js";
import { html, useMemo } from "../ground/html.js";
import { Empty, Skeleton, Trouble } from "../parts/states.js";
import { branches, folderAt } from "./branches.js";
import { Dropped } from "./dropped.js";
import { File } from "./file.js";
import { Folder } from "./folder.js";
import { files as ask } from "./place.js";
import { Tree } from "./tree.js";

/**
 * @param {{owner: string, path: string, href: (path: string) => string, turn?: unknown, edit?: boolean}} props
 *   owner: a run's or a logged model's id; path: the file or folder that is chosen, "" for all; href: the address of one; turn: when it changes
 *   the files are asked for anew; edit: files may be added and deleted here
 */
export function Artifacts({ owner, path, href, turn, edit = false }) {
  const { data, error, again } = useAnswer(["files", owner, turn], (signal) => ask(owner, signal));
  const top = useMemo(() => branches(data ?? []), [data]);
  const file = useMemo(() => data?.find((one) => one.path === path), [data, path]);
  /** @type {import("./changing.js").Changing | undefined} */
  const changing = edit ? { owner, files: data ?? [], href, changed: again } : undefined;
  if (error && !data) return html`<${Trouble} error=${error} again=${again} />`;
  if (!data) return html`<div class="files"><${Skeleton} rows=${10} /><${Skeleton} rows=${4} /></div>`;
  if (data.length === 0) {
    return html`<${Dropped} changing=${changing} path=""><${Empty} title="No files yet" code=${`import runstone\n\nwith runstone.start_run(${owner.startsWith("m-") ? "" : `run_id="${owner}"`}):\n    runstone.log_artifact("model.joblib")      # a file\n    runstone.log_artifacts("results")          # a folder\n    runstone.log_dict({"classes": 10}, "about.json")`}>
      Files that are logged appear here, with previews of what is in them.${changing && " They can be dropped here, too."}
    <//><//>`;
  }
  const folder = file ? undefined : folderAt(top, path);
  return html`<div class="files">
    <${Tree} top=${top} files=${data} path=${path} href=${href} />
    ${file
      ? html`<${File} key=${`${path} ${file.digest}`} owner=${owner} file=${file} files=${data} href=${href} changing=${changing} />`
      : folder
        ? html`<${Folder} owner=${owner} folder=${folder} files=${data} href=${href} changing=${changing} />`
        : html`<${Trouble} error=${new Error(`There is no file at ${path}. It may have been deleted, or logged under another name.`)} />`}
  </div>`;
}
