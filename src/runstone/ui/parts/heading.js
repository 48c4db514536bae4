/** A page's heading: it names the tab, and takes the focus when one has come from another page, so that readers and keyboards begin there. */

import { html, useEffect, useRef } from "../ground/html.js";
import { place } from "../ground/route.js";

/** Without what stands for the same page: the empty address is the first page's. */
const path = () => place.value.parts.join("/") || "experiments";

/** Letters from which on a name may be cut off. */
const LONG = 40;

/** Where the focus was given last. */
let told = path();

/** @param {{text: string, more?: string, within?: string}} props more: a quieter second part; within: what the tab says behind both */
export function Heading({ text, more, within }) {
  const box = useRef(/** @type {HTMLHeadingElement | null} */ (null));
  const now = path();
  useEffect(() => {
    if (now !== told && !document.querySelector("dialog[open]")) {
      window.scrollTo(0, 0);
      box.current?.focus({ preventScroll: true });
    }
  }, []);
  useEffect(() => {
    told = now;
  }, [now]);
  useEffect(() => {
    document.title = [more ? `${text} ${more}` : text, within, "runstone"].filter(Boolean).map((one) => String(one).slice(0, 80)).join(" · ");
  }, [text, more, within]);
  return html`<h1 tabindex="-1" ref=${box} title=${text.length > LONG ? text : undefined}><bdi>${text}</bdi>${more && html` <span class="quiet">${more}</span>`}</h1>`;
}
