/** Where files are dropped to be stored in a folder, a button that asks for them, and how far they are. */

import { counted, size } from "../ground/format.js";
import { classes, html, useRef, useState } from "../ground/html.js";
import { say } from "../parts/toasts.js";
import { add, sending } from "./changing.js";

/** Files of one drop. */
const MOST = 1_000;

/**
 * The files that were dropped, those of folders too, with their paths below what was dropped.
 * @param {DataTransfer} transfer
 * @returns {Promise<import("./changing.js").Sent[]>}
 */
async function within(transfer) {
  // Taken at once: when the event is over there are none any more.
  const waiting = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry !== null && entry !== undefined);
  if (waiting.length === 0) return [...transfer.files].map((file) => ({ path: file.name, file }));
  /** @type {import("./changing.js").Sent[]} */
  const found = [];
  for (let entry = waiting.shift(); entry && found.length <= MOST; entry = waiting.shift()) {
    const path = entry.fullPath.replace(/^\/+/, "");
    if (entry.isFile) found.push({ path, file: await new Promise((done, failed) => /** @type {FileSystemFileEntry} */ (entry).file(done, failed)) });
    else if (entry.isDirectory) {
      const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
      /** @type {FileSystemEntry[]} */
      let some;
      // It tells a hundred at a time.
      do waiting.push(...(some = await new Promise((done, failed) => reader.readEntries(done, failed))));
      while (some.length > 0 && waiting.length <= MOST);
    }
  }
  return found;
}

/**
 * @param {{changing: import("./changing.js").Changing | undefined, path: string, children?: any}} props
 *   changing: undefined where nothing may be changed; path: the folder's
 */
export function Dropped({ changing, path, children }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [over, setOver] = useState(false);
  if (!changing || path.startsWith(".runstone")) return html`<div>${children}</div>`;
  /** @param {import("./changing.js").Sent[]} files */
  const take = (files) => {
    if (files.length > MOST) say(`More than ${MOST.toLocaleString("en")} files: log them from a program, or as a zip.`, { bad: true });
    else add(changing, files.map(({ path: name, file }) => ({ path: path ? `${path}/${name}` : name, file })));
  };
  const holds = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  const under = sending.value;
  return html`<div class=${classes("files-drop", over && "over")}
    onDragOver=${(/** @type {DragEvent} */ event) => holds(event) && (event.preventDefault(), setOver(true))}
    onDragLeave=${(/** @type {any} */ event) => event.currentTarget.contains(event.relatedTarget) || setOver(false)}
    onDrop=${(/** @type {DragEvent} */ event) => {
      if (!holds(event) || !event.dataTransfer) return;
      event.preventDefault();
      setOver(false);
      within(event.dataTransfer).then(take, (error) => say(`It cannot be read: ${error.message}`, { bad: true }));
    }}>
    ${children}
    <div class="row wrap small quiet files-send">
      ${under
        ? html`<progress max=${Math.max(1, under.size)} value=${under.bytes} aria-label="Sent" /><span class="grow" role="status">${Math.min(under.done + 1, under.count)} of ${counted(under.count, "file")}, ${size(under.bytes)} of ${size(under.size)}</span><button type="button" class="plain small" onClick=${under.stop}>Stop</button>`
        : html`<span class="grow">Files and folders can be dropped here to store them in ${path ? html`<code>${path}</code>` : "the run"}.</span><button type="button" class="small" onClick=${() => field.current?.click()}>Upload…</button>`}
      <input ref=${field} type="file" multiple hidden aria-label="Files to store" onChange=${(/** @type {any} */ event) => {
        take([...event.currentTarget.files].map((/** @type {File} */ file) => ({ path: file.name, file })));
        event.currentTarget.value = "";
      }} />
    </div>
  </div>`;
}
