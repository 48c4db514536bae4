/** JSON: a tree that is opened where one looks; a table as MLflow logs it; a figure of plotly's; a map. What is no JSON is text. */

import { useAnswer } from "../ground/api.js";
import { html, useMemo, useState } from "../ground/html.js";
import { Skeleton, Trouble } from "../parts/states.js";
import { read } from "./bytes.js";
import { Drawn } from "./drawn.js";
import { figureOf } from "./figure.js";
import { asTable } from "./logged.js";
import { Land } from "./map.js";
import { shapesOf } from "./shapes.js";
import { Sheet } from "./sheet.js";
import Text from "./text.js";
import { Tree } from "./values.js";
import { Ways } from "./ways.js";

const MOST = 5_000_000;

/** @param {import("./kinds.js").PreviewProps} props */
export default function Json(props) {
  const { file, url } = props;
  const { data, error, again } = useAnswer([url, file.digest], async (signal) => (await read(url, file.file_size ?? 0, MOST, signal)).text);
  const parsed = useMemo(() => {
    try {
      return { value: data === undefined ? undefined : JSON.parse(data) };
    } catch {
      return null;
    }
  }, [data]);
  const [table, drawn, shapes] = useMemo(() => [asTable(parsed?.value), figureOf(parsed?.value), shapesOf(parsed?.value)], [parsed]);
  const [chosen, setChosen] = useState("");
  if (error) return html`<div class="inside"><${Trouble} error=${error} again=${again} /></div>`;
  if (data === undefined) return html`<div class="inside"><${Skeleton} rows=${8} /></div>`;
  if (parsed === null) return html`<${Text} ...${props} />`;
  const ways = [...(table ? ["Table"] : []), ...(drawn ? ["Figure"] : []), ...(shapes ? ["Map"] : []), "Tree", "Text"];
  const way = ways.includes(chosen) ? chosen : ways[0];
  return html`<div class="column">
    <${Ways} ways=${ways} way=${way} choose=${setChosen} />
    ${way === "Table" && table ? html`<${Sheet} sheet=${table} />` : way === "Figure" && drawn ? html`<${Drawn} figure=${drawn} path=${file.path} />` : way === "Map" && shapes ? html`<${Land} found=${shapes} label=${file.path} />` : way === "Tree" ? html`<${Tree} value=${parsed.value} />` : html`<${Text} ...${props} />`}
  </div>`;
}
