/** The files of a version: those of the logged model, or below a folder of the run, that it was made of. */

import { Artifacts } from "../artifacts/artifacts.js";
import { html } from "../ground/html.js";

/** @param {{description: import("./stored.js").Description, path: string | null, href: (path: string) => string}} props */
export function Files({ description, path, href }) {
  const [, owner] = description.owner.split("/");
  return html`<${Artifacts} owner=${owner} path=${path ?? description.path} href=${href} />`;
}
