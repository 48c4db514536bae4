/** What changes the files of a run: some are sent, one by one, with how far that is; a file or a folder is deleted. Knows not how it is drawn. */

import { post, Refused } from "../ground/api.js";
import { counted, size } from "../ground/format.js";
import { signal } from "../ground/html.js";
import { ask } from "../parts/dialog.js";
import { say } from "../parts/toasts.js";
import { folderOf } from "./branches.js";
import { fileAddress } from "./place.js";

/**
 * @typedef {{owner: string, files: import("./place.js").FileInfo[], href: (path: string) => string, changed: () => void}} Changing
 *   whose files they are, which there are, where one is shown, what is done when they have changed
 * @typedef {{path: string, file: File}} Sent path: where it is to be among the run's files
 * @typedef {{owner: string, done: number, count: number, bytes: number, size: number, stop: () => void}} Sending
 */

/** What is being sent just now; it goes on while one looks at other pages. @type {import("@preact/signals").Signal<Sending | null>} */
export const sending = signal(null);

const stay = (/** @type {Event} */ event) => event.preventDefault();

/**
 * Send files to a run, when it is said that those of the same names may be replaced.
 * @param {Changing} changing
 * @param {Sent[]} files
 */
export function add(changing, files) {
  if (files.length === 0) return;
  if (sending.value) {
    say("Other files are being sent just now. Wait until they are there.", { bad: true });
    return;
  }
  const there = new Set(changing.files.map(({ path }) => path));
  const replaced = files.filter(({ path }) => there.has(path)).map(({ path }) => path);
  if (replaced.length === 0) void send(changing, files);
  else {
    ask({
      title: `Replace ${counted(replaced.length, "file")}?`, act: "Replace", bad: true, then: () => void send(changing, files),
      text: `There ${replaced.length === 1 ? "is one of that name" : "are some of these names"} already: ${replaced.slice(0, 5).join(", ")}${replaced.length > 5 ? " and others" : ""}. What they hold now is lost, where no version has it.`,
    });
  }
}

/** @param {Changing} changing @param {Sent[]} files */
async function send(changing, files) {
  const giveUp = new AbortController();
  const whole = files.reduce((sum, { file }) => sum + file.size, 0);
  let [done, bytes] = [0, 0];
  const show = (/** @type {number} */ more) => (sending.value = { owner: changing.owner, done, count: files.length, bytes: bytes + more, size: whole, stop: () => giveUp.abort() });
  show(0);
  window.addEventListener("beforeunload", stay);
  /** @type {string[]} */
  const problems = [];
  for (const { path, file } of files) {
    try {
      await put(fileAddress(changing.owner, path), file, show, giveUp.signal);
      done += 1;
    } catch (error) {
      if (giveUp.signal.aborted) break;
      problems.push(`${path}: ${/** @type {Error} */ (error).message}`);
    }
    bytes += file.size;
    show(0);
  }
  window.removeEventListener("beforeunload", stay);
  sending.value = null;
  if (done > 0) changing.changed();
  if (problems.length > 0) say(`${counted(problems.length, "file")} of ${files.length} ${problems.length === 1 ? "was" : "were"} not stored. ${problems.slice(0, 3).join(" ")}`, { bad: true });
  else say(`${counted(done, "file")} stored${done < files.length ? `, ${files.length - done} given up` : ""}.`);
}

/**
 * A file's bytes, sent as they are. (fetch does not tell how far it is.)
 * @param {string} address
 * @param {File} file
 * @param {(bytes: number) => void} show
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function put(address, file, show, signal) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.upload.onprogress = ({ loaded }) => show(loaded);
    request.onload = () => {
      if (request.status < 300) return done();
      let told = { message: `The server answered ${request.status} ${request.statusText}.`, error_code: "INTERNAL_ERROR" };
      try {
        told = { ...told, ...JSON.parse(request.responseText) };
      } catch {
        // no JSON: the status says what there is to say
      }
      return failed(new Refused(told.message, told.error_code, request.status));
    };
    request.onerror = () => failed(new Refused("It did not come through: the server does not answer, or the file cannot be read.", "UNREACHABLE", 0));
    request.onabort = () => failed(new Error("given up"));
    request.open("PUT", address);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.send(file);
  });
}

/**
 * Delete a file, or a folder with all that is in it, when one means it.
 * @param {Changing} changing
 * @param {string} path
 */
export function remove({ owner, files, href, changed }, path) {
  const some = files.filter((file) => file.path === path || file.path.startsWith(`${path}/`));
  const bytes = some.reduce((sum, { file_size: one = 0 }) => sum + one, 0);
  ask({
    title: `Delete ${path}?`, act: "Delete", bad: true,
    text: `${counted(some.length, "file")}, ${size(bytes)}. That cannot be undone. What other runs or versions hold of the same bytes stays; the rest goes when the store is pruned.`,
    then: async () => {
      const gone = await post("/runstone/artifacts", { run_id: owner, path }, { method: "DELETE" });
      // To the folder that it was in, or what is left above that.
      const left = files.filter((file) => !some.includes(file));
      let at = folderOf(path);
      while (at && !left.some((file) => file.path.startsWith(`${at}/`))) at = folderOf(at);
      window.location.hash = href(at).replace(/^[^#]*#/, "");
      changed();
      say(`${counted(gone.files, "file")} deleted.`);
    },
  });
}
