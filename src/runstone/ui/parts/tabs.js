/** Tabs that are links: each has an address of its own. */

import { html, useEffect, useRef } from "../ground/html.js";

/** @param {{label: string, tabs: {name: string, href: string, count?: number}[], chosen: string}} props */
export function Tabs({ label, tabs, chosen }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    // On a phone not all fit: the chosen one is brought into sight, and the page stays where it is.
    const one = /** @type {HTMLElement | null | undefined} */ (box.current?.querySelector("[aria-current]"));
    if (box.current && one) box.current.scrollLeft = Math.max(0, one.offsetLeft + one.offsetWidth - box.current.offsetLeft - box.current.clientWidth);
  }, [chosen, tabs.length]);
  return html`<nav class="tabs" aria-label=${label} ref=${box}>
    ${tabs.map(
      ({ name, href, count }) => html`<a key=${name} href=${href} aria-current=${name === chosen ? "page" : undefined}>
        ${name}${count !== undefined && html` <span class="quiet small">${count.toLocaleString("en")}</span>`}
      </a>`,
    )}
  </nav>`;
}

/** Where one is. @param {{trail: {name: string, href?: string}[], class?: string}} props class: such as "wide", where a phone has other ways there */
export function Crumbs({ trail, class: kind }) {
  return html`<nav aria-label="Path" class=${kind}><ol class="crumbs">
    ${trail.map(({ name, href }) => html`<li class="cut" title=${name}>${href ? html`<a href=${href}>${name}</a>` : name}</li>`)}
  </ol></nav>`;
}
