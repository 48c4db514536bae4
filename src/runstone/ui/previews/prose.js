/** Markdown as it is meant, or as it is written. Markup in it is text. */

import { useAnswer } from "../ground/api.js";
import { html, useState } from "../ground/html.js";
import { Markdown } from "../parts/markdown.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { read } from "./bytes.js";
import Text from "./text.js";
import { Ways } from "./ways.js";

/** Bytes of what a person wrote to be read; longer ones are shown as text. */
const MOST = 200_000;

/** @param {import("./kinds.js").PreviewProps} props */
export default function Prose(props) {
  const { file, url } = props;
  const [way, setWay] = useState("Page");
  const size = file.file_size ?? 0;
  const { data, error, again } = useAnswer([url, file.digest, size], (signal) => read(url, Math.min(size, MOST), MOST, signal));
  if (error) return html`<div class="inside"><${Trouble} error=${error} again=${again} /></div>`;
  if (!data) return html`<div class="inside"><${Skeleton} rows=${8} /></div>`;
  if (size > MOST || data.binary || data.text.trim() === "") return html`<${Text} ...${props} />`;
  return html`<div class="column">
    <${Ways} ways=${["Page", "Source"]} way=${way} choose=${setWay} />
    ${way === "Source" ? html`<${Text} ...${props} />` : html`<div class="inside"><${Markdown} text=${data.text} /></div>`}
  </div>`;
}
