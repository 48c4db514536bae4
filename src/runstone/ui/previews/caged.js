/**
 * A page that somebody logged, in a cage: an origin of its own, no cookies, no storage, no address that it could ask. (What no browser stops is WebRTC and
 * opening connections ahead: it can tell that it was looked at, and what it holds itself.) The server says the same of it, and gives it to no tab of its own
 * where browsers tell it of that.
 */

import { html, useState } from "../ground/html.js";
import Text from "./text.js";
import { Ways } from "./ways.js";

/** @param {import("./kinds.js").PreviewProps} props */
export default function Caged(props) {
  const [way, setWay] = useState("Page");
  return html`<div class="column">
    <${Ways} ways=${["Page", "Source"]} way=${way} choose=${setWay}>
      <span class="quiet small">It runs apart from this page and reads nothing of it: what it would load from elsewhere is missing.</span>
    <//>
    ${way === "Source"
      ? html`<${Text} ...${props} />`
      : html`<iframe class="files-frame" sandbox="allow-scripts" referrerpolicy="no-referrer" src=${props.shown} title=${props.file.path}></iframe>`}
  </div>`;
}
