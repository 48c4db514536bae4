/** The tree of files: opened and closed, searched, gone through by the arrow keys. */

import { counted, size } from "../ground/format.js";
import { html, useEffect, useMemo, useRef, useState } from "../ground/html.js";
import { useKeys } from "../ground/keys.js";
import { folderOf, inside, nameOf } from "./branches.js";

/** Of one folder so many are drawn: nobody scrolls through more, and search finds the rest. */
const MOST = 400;

/**
 * @typedef {import("./branches.js").Folder} Folder
 * @typedef {import("./branches.js").FileInfo} FileInfo
 * @typedef {{path: string, name: string, depth: number, folder?: Folder, file?: FileInfo, more?: number}} Line
 */

/**
 * @param {Folder} folder
 * @param {Set<string>} open
 * @param {number} depth
 * @returns {Line[]}
 */
function lines(folder, open, depth = 0) {
  const { folders, files } = inside(folder);
  const all = folders.length + files.length;
  /** @type {Line[]} */
  const found = [];
  for (const one of folders.slice(0, MOST)) {
    found.push({ path: one.path, name: one.name, depth, folder: one });
    if (open.has(one.path)) found.push(...lines(one, open, depth + 1));
  }
  for (const file of files.slice(0, Math.max(0, MOST - folders.length))) found.push({ path: file.path, name: nameOf(file.path), depth, file });
  if (all > MOST) found.push({ path: `${folder.path}/`, name: "", depth, more: all - MOST });
  return found;
}

/** @param {string} path */
function above(path) {
  const found = [];
  for (let at = folderOf(path); at; at = folderOf(at)) found.push(at);
  return found;
}

/**
 * @param {{top: Folder, files: FileInfo[], path: string, href: (path: string) => string}} props
 */
export function Tree({ top, files, path, href }) {
  const [text, setText] = useState("");
  const [open, setOpen] = useState(() => new Set(above(path)));
  const [at, setAt] = useState(path);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const list = useRef(/** @type {HTMLDivElement | null} */ (null));
  useKeys([{ keys: "/", does: "Find a file", run: () => field.current?.focus() }]);
  useEffect(() => {
    setOpen((before) => new Set([...before, ...above(path), path]));
    setAt(path);
  }, [path]);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = useMemo(() => {
    if (words.length === 0) return lines(top, open);
    const fitting = files.filter((file) => words.every((word) => file.path.toLowerCase().includes(word)));
    /** @type {Line[]} */
    const found = fitting.slice(0, MOST).map((file) => ({ path: file.path, name: file.path, depth: 0, file }));
    if (fitting.length > MOST) found.push({ path: "/", name: "", depth: 0, more: fitting.length - MOST });
    return found;
  }, [top, files, open, text]);

  /** @param {string} folder @param {boolean} [wanted] */
  const turn = (folder, wanted) =>
    setOpen((before) => {
      const next = new Set(before);
      if (wanted ?? !before.has(folder)) next.add(folder);
      else next.delete(folder);
      return next;
    });
  const focusable = shown.some((line) => line.path === at) ? at : shown[0]?.path;
  /** @param {string} wanted */
  const focus = (wanted) => {
    setAt(wanted);
    /** @type {HTMLElement | null | undefined} */ (list.current?.querySelector(`[data-path="${CSS.escape(wanted)}"]`))?.focus();
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    const steps = shown.filter((line) => !line.more);
    const number = steps.findIndex((line) => line.path === focusable);
    const line = steps[number];
    const moves = /** @type {Record<string, () => void>} */ ({
      ArrowDown: () => focus(steps[Math.min(number + 1, steps.length - 1)].path),
      ArrowUp: () => focus(steps[Math.max(number - 1, 0)].path),
      Home: () => focus(steps[0].path),
      End: () => focus(steps[steps.length - 1].path),
      ArrowRight: () => line.folder && (open.has(line.path) ? focus(steps[Math.min(number + 1, steps.length - 1)].path) : turn(line.path, true)),
      ArrowLeft: () => (line.folder && open.has(line.path) ? turn(line.path, false) : folderOf(line.path) && focus(folderOf(line.path))),
    });
    if (!line || !moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  };

  return html`<nav class="card files-tree" aria-label="Files">
    <header><input ref=${field} type="search" class="grow" placeholder="Find files" aria-label="Find files" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} /></header>
    <div class="scroll" role="tree" aria-label="Files" ref=${list} onKeyDown=${onKey}>
      ${shown.map((line) =>
        line.more
          ? html`<p key=${line.path} class="quiet small files-more" style=${{ paddingLeft: `${28 + line.depth * 14}px` }}>${counted(line.more, "more")}: find them by name</p>`
          : html`<a key=${line.path} role="treeitem" data-path=${line.path} aria-level=${line.depth + 1} aria-selected=${line.path === path}
              aria-expanded=${line.folder ? open.has(line.path) : undefined} tabindex=${line.path === focusable ? 0 : -1} href=${href(line.path)} title=${line.path}
              style=${{ paddingLeft: `${8 + line.depth * 14}px` }} onFocus=${() => setAt(line.path)}
              onClick=${() => line.folder && line.path === path && turn(line.path)}>
              <span class="files-mark" aria-hidden="true" onClick=${(/** @type {Event} */ event) => line.folder && (event.preventDefault(), event.stopPropagation(), turn(line.path))}>${line.folder ? (open.has(line.path) ? "▾" : "▸") : ""}</span>
              <span class="cut grow">${line.name}</span>
              <span class="quiet small number">${line.folder ? line.folder.count : size(line.file?.file_size)}</span>
            </a>`,
      )}
      ${shown.length === 0 && html`<p class="quiet small files-more">No file has that in its name.</p>`}
    </div>
  </nav>`;
}
