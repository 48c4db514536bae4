/** YAML as the tree of what it says, read on the server, or as it is written. What is no YAML is text, with the reason. */

import { useAnswer } from "../ground/api.js";
import { html, useState } from "../ground/html.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { inspect } from "./ask.js";
import Text from "./text.js";
import { Tree } from "./values.js";
import { Ways } from "./ways.js";

/** @param {import("./kinds.js").PreviewProps} props */
export default function Yaml(props) {
  const { owner, file } = props;
  const [way, setWay] = useState("Tree");
  const { data, error, again } = useAnswer(["preview", owner, file.path, file.digest], (signal) => inspect(owner, file.path, 0, 1, signal));
  if (error) return html`<div class="inside"><${Trouble} error=${error} again=${again} /></div>`;
  if (!data) return html`<div class="inside"><${Skeleton} rows=${8} /></div>`;
  const { kind, value = null, note } = data.preview;
  if (kind !== "yaml" || value === null || typeof value !== "object") return html`<div>${note && html`<p class="inside quiet small">${note}</p>`}<${Text} ...${props} /></div>`;
  return html`<div class="column">
    <${Ways} ways=${["Tree", "Text"]} way=${way} choose=${setWay} />
    ${way === "Tree" ? html`<${Tree} value=${value} />` : html`<${Text} ...${props} />`}
  </div>`;
}
