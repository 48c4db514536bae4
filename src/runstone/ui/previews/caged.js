/**
 * A page that somebody logged, in a cage: an origin of its own, no cookies, no storage, and no address that it could ask. The server says
 * the same of it, so that it is caged in a tab of its own as well. Its scripts run when one asks for it, or it is read as text.
 */

import { html, useState } from "../ground/html.js";
import Text from "./text.js";
import { Ways } from "./ways.js";

/** @param {import("./kinds.js").PreviewProps} props */
export default function Caged(props) {
  const [way, setWay] = useState("Page");
  return html`<div class="column">
    <${Ways} ways=${["Page", "Source"]} way=${way} choose=${setWay}>
      <span class="quiet small">It runs apart from this page and reaches nothing: what it would load from elsewhere is missing.</span>
    <//>
    ${way === "Source"
      ? html`<${Text} ...${props} />`
      : html`<iframe class="files-frame" sandbox="allow-scripts" referrerpolicy="no-referrer" src=${props.shown} title=${props.file.path}></iframe>`}
  </div>`;
}
