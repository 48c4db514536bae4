/** A file of a kind that is not known: text where it is text, else what its first bytes are. */

import { bytes, useAnswer } from "../ground/api.js";
import { html } from "../ground/html.js";
import { Skeleton, Trouble } from "../parts/states.js";
import Text from "./text.js";

const HEAD = 512;

/** @param {import("./kinds.js").PreviewProps} props */
export default function Unknown(props) {
  const { file, url } = props;
  const { data, error, again } = useAnswer([url, file.digest], async (signal) => (file.file_size ? new Uint8Array(await bytes(url, { signal, range: [0, HEAD - 1] })) : new Uint8Array()));
  if (error) return html`<div class="inside"><${Trouble} error=${error} again=${again} /></div>`;
  if (!data) return html`<div class="inside"><${Skeleton} rows=${6} /></div>`;
  if (isText(data)) return html`<${Text} ...${props} />`;
  return html`<div class="inside column">
    <p class="quiet">There is no preview for this kind of file. These are its first bytes.</p>
    <pre class="code" tabindex="0" aria-label="First bytes"><code>${dump(data)}</code></pre>
  </div>`;
}

/** @param {Uint8Array} data */
function isText(data) {
  try {
    // A letter may be cut in two at the end.
    new TextDecoder("utf-8", { fatal: true }).decode(data, { stream: true });
  } catch {
    return false;
  }
  return !data.some((byte) => byte < 9 || (byte > 13 && byte < 27) || byte === 127);
}

/** @param {Uint8Array} data */
function dump(data) {
  const lines = [];
  for (let at = 0; at < data.length; at += 16) {
    const part = [...data.subarray(at, at + 16)];
    const digits = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${digits.padEnd(47)}  ${part.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : "·")).join("")}`);
  }
  return lines.join("\n");
}
