/** Paths as a tree: which folders there are, what is in them, how much of it. Knows nothing of the page. */

import { natural } from "../ground/format.js";

/**
 * @typedef {import("./place.js").FileInfo} FileInfo
 * @typedef {{name: string, path: string, folders: Map<string, Folder>, files: FileInfo[], size: number, count: number}} Folder
 */

/** @param {string} name @param {string} path @returns {Folder} */
const empty = (name, path) => ({ name, path, folders: new Map(), files: [], size: 0, count: 0 });

/**
 * @param {FileInfo[]} files
 * @returns {Folder} the top
 */
export function branches(files) {
  const top = empty("", "");
  for (const file of files) {
    const parts = file.path.split("/");
    let at = top;
    for (let depth = 0; ; depth += 1) {
      at.size += file.file_size ?? 0;
      at.count += 1;
      if (depth === parts.length - 1) break;
      const name = parts[depth];
      let next = at.folders.get(name);
      if (!next) at.folders.set(name, (next = empty(name, parts.slice(0, depth + 1).join("/"))));
      at = next;
    }
    at.files.push(file);
  }
  return top;
}

/**
 * The folder at a path; undefined where there is none.
 * @param {Folder} top
 * @param {string} path
 */
export function folderAt(top, path) {
  /** @type {Folder | undefined} */
  let at = top;
  for (const name of path.split("/").filter(Boolean)) at = at?.folders.get(name);
  return at;
}

/** What lies in folders that were sorted: of a hundred thousand files that takes half a second. @type {WeakMap<Folder, {folders: Folder[], files: FileInfo[]}>} */
const sorted = new WeakMap();

/**
 * What lies in a folder, folders first, as people sort: file2 before file10. What was recorded stands last.
 * @param {Folder} folder
 * @returns {{folders: Folder[], files: FileInfo[]}}
 */
export function inside(folder) {
  const known = sorted.get(folder);
  if (known) return known;
  const hidden = (/** @type {string} */ name) => Number(name.startsWith("."));
  const found = {
    folders: [...folder.folders.values()].sort((one, other) => hidden(one.name) - hidden(other.name) || natural(one.name, other.name)),
    files: [...folder.files].sort((one, other) => natural(one.path, other.path)),
  };
  sorted.set(folder, found);
  return found;
}

/** A path's last part. @param {string} path */
export const nameOf = (path) => path.slice(path.lastIndexOf("/") + 1);

/** The folder that it lies in. @param {string} path */
export const folderOf = (path) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
