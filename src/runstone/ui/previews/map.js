/** GeoJSON as a plain map: longitude across, latitude up, no tiles, for nothing is asked of another machine. What is pointed at or chosen says what it is. */

import { html, useMemo, useState } from "../ground/html.js";
import { lines } from "./shapes.js";
import { Tree } from "./values.js";

/** The plane's own measure: it is as wide as there is room. */
const WIDE = 1_000, LOW = 240, HIGH = 560, MARGIN = 36;

/**
 * From degrees to the plane: a degree of longitude is as wide as it is in the middle of what is shown.
 * @param {import("./shapes.js").Shapes} found
 */
function plane({ box: [west, south, east, north], round }) {
  const narrow = round ? Math.max(0.1, Math.cos((((south + north) / 2) * Math.PI) / 180)) : 1;
  // A single place has something around it.
  const width = Math.max((east - west) * narrow, (north - south) / 50, 1e-9), height = Math.max(north - south, width / 50, 1e-9);
  const scale = Math.min((WIDE - 2 * MARGIN) / width, (HIGH - 2 * MARGIN) / height);
  const high = Math.max(LOW, height * scale + 2 * MARGIN);
  const [middle, level] = [(west + east) / 2, (south + north) / 2];
  const x = (/** @type {number} */ at) => WIDE / 2 + (at - middle) * narrow * scale;
  const y = (/** @type {number} */ at) => high / 2 - (at - level) * scale;
  /** What the edges are, for the lines between them. @type {[number, number, number, number]} */
  const edges = [middle - WIDE / 2 / scale / narrow, level - high / 2 / scale, middle + WIDE / 2 / scale / narrow, level + high / 2 / scale];
  return { x, y, high, edges };
}

/** @param {import("./shapes.js").Shape} shape @param {ReturnType<typeof plane>} on @returns {{kind: string, d: string}[]} */
function paths({ pieces }, { x, y }) {
  const at = (/** @type {import("./shapes.js").Place} */ [across, up]) => `${x(across).toFixed(2)} ${y(up).toFixed(2)}`;
  const kinds = /** @type {const} */ (["area", "line", "point"]);
  return kinds.flatMap((kind) => {
    const some = pieces.filter((piece) => piece.kind === kind);
    // A point is a line of no length with round ends: as large as one likes, however large the map is drawn.
    const d = some.map(({ places }) => (kind === "point" ? `M${at(places[0])}h0` : `M${places.map(at).join("L")}${kind === "area" ? "Z" : ""}`)).join("");
    return d ? [{ kind, d }] : [];
  });
}

/** @param {{found: import("./shapes.js").Shapes, label: string}} props */
export function Land({ found, label }) {
  const [chosen, setChosen] = useState(-1);
  const [over, setOver] = useState(-1);
  const { shapes } = found;
  const on = useMemo(() => plane(found), [found]);
  const drawn = useMemo(() => shapes.map((shape) => paths(shape, on)), [shapes, on]);
  const shown = over >= 0 ? over : chosen;
  const unit = found.round ? "°" : "";
  const marks = useMemo(() => ({ across: lines(on.edges[0], on.edges[2]), up: lines(on.edges[1], on.edges[3]) }), [on]);
  const all = useMemo(() => drawn.map((some, at) => html`<g key=${at} onPointerEnter=${() => setOver(at)} onPointerLeave=${() => setOver(-1)} onClick=${() => setChosen(at)}>
    ${some.map(({ kind, d }) => html`<path class=${`map-${kind}`} d=${d} />`)}</g>`), [drawn]);
  const step = (/** @type {number} */ by) => setChosen((before) => (before + by + shapes.length) % shapes.length);
  return html`<div class="inside column">
    <svg class="files-map" viewBox=${`0 0 ${WIDE} ${on.high}`} role="img" aria-label=${`Map of ${label}`}>
      ${marks.across.map((at) => html`<g class="map-grid"><path d=${`M${on.x(at)} 0V${on.high}`} /><text x=${on.x(at) + 4} y=${on.high - 6}>${at}${unit}</text></g>`)}
      ${marks.up.map((at) => html`<g class="map-grid"><path d=${`M0 ${on.y(at)}H${WIDE}`} /><text x="4" y=${on.y(at) - 4}>${at}${unit}</text></g>`)}
      ${all}
      ${shown >= 0 && html`<g class="map-chosen">${drawn[shown].map(({ kind, d }) => html`<path class=${`map-${kind}`} d=${d} />`)}</g>`}
    </svg>
    <div class="row wrap">
      <span class="buttons" role="group" aria-label="Features"><button type="button" aria-label="Feature before" onClick=${() => step(chosen < 0 ? 0 : -1)}>‹</button><button type="button" aria-label="Next feature" onClick=${() => step(1)}>›</button></span>
      <span class="grow cut" aria-live="polite">${shown < 0 ? `${shapes.length.toLocaleString("en")} ${shapes.length === 1 ? "feature" : "features"}` : `${(shown + 1).toLocaleString("en")} of ${shapes.length.toLocaleString("en")}${shapes[shown].name ? `: ${shapes[shown].name}` : ""}`}</span>
      ${!found.whole && html`<span class="quiet small">Not all of it is drawn: the file is too large, or has places that are none.</span>`}
    </div>
    ${shown >= 0 && html`<${Tree} key=${shown} value=${shapes[shown].properties} />`}
  </div>`;
}
