/** Bars to take away: as a picture, or as lines that stay sharp. */

import { shade } from "../ground/colours.js";
import { save } from "../parts/saving.js";
import { bars, LISTED } from "./bars.js";
import { escaped, FONT } from "./download.js";

/** Pixels: of a row, above the first, of the picture, of the names, and of the room for bars. */
const [ROW, TOP, WIDTH, NAMES, ROOM, EDGE] = [22, 40, 720, 240, 380, 12];

/** @param {import("./content.js").Content} content */
function laid(content) {
  const all = bars(content);
  const more = all.length - LISTED;
  const rows = all.slice(0, LISTED).map((row, at) => ({ ...row, top: TOP + ROW * at, left: EDGE + NAMES + ROOM * row.from, wide: row.value === null ? 0 : Math.max(1, ROOM * row.share) }));
  return { rows, more: more > 0 ? `and ${more} more` : "", height: TOP + ROW * (rows.length + (more > 0 ? 1 : 0)) + EDGE };
}

/** As much of a text as there is room for. @param {CanvasRenderingContext2D} ink @param {string} text @param {number} room */
function cut(ink, text, room) {
  if (ink.measureText(text).width <= room) return text;
  let length = text.length;
  while (length > 0 && ink.measureText(`${text.slice(0, length)}…`).width > room) length -= 1;
  return `${text.slice(0, length)}…`;
}

/** @param {CanvasRenderingContext2D} ink */
const small = (ink) => {
  ink.font = `12px ${FONT}`;
  return ink;
};

/** @param {import("./content.js").Content} content @param {string} title */
export async function barsPng(content, title) {
  const { rows, more, height } = laid(content);
  const ratio = Math.max(2, window.devicePixelRatio);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [WIDTH * ratio, height * ratio];
  const ink = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  ink.scale(ratio, ratio);
  ink.fillStyle = shade("--surface");
  ink.fillRect(0, 0, WIDTH, height);
  ink.fillStyle = shade("--text");
  ink.font = `600 14px ${FONT}`;
  ink.fillText(cut(ink, title, WIDTH - 2 * EDGE), EDGE, 24);
  small(ink);
  for (const { trace, text, top, left, wide } of rows) {
    ink.fillStyle = shade("--text");
    ink.fillText(cut(ink, trace.name, NAMES - EDGE), EDGE, top + 15);
    ink.textAlign = "right";
    ink.fillText(text, WIDTH - EDGE, top + 15);
    ink.textAlign = "left";
    ink.fillStyle = trace.colour;
    ink.fillRect(left, top + 4, wide, ROW - 8);
  }
  ink.fillStyle = shade("--quiet");
  ink.fillText(more, EDGE, TOP + ROW * rows.length + 15);
  const blob = await new Promise((done) => canvas.toBlob(done));
  save(/** @type {Blob} */ (blob), `${title}.png`);
}

/** @param {import("./content.js").Content} content @param {string} title */
export function barsSvg(content, title) {
  const { rows, more, height } = laid(content);
  const ink = small(/** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d")));
  const lines = rows.map(({ trace, text, top, left, wide }) => `<text x="${EDGE}" y="${top + 15}">${escaped(cut(ink, trace.name, NAMES - EDGE))}</text><rect x="${left.toFixed(1)}" y="${top + 4}" width="${wide.toFixed(1)}" height="${ROW - 8}" fill="${trace.colour}"/><text x="${WIDTH - EDGE}" y="${top + 15}" text-anchor="end">${escaped(text)}</text>`);
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="${FONT}" font-size="12" fill="${shade("--text")}">
<rect width="100%" height="100%" fill="${shade("--surface")}"/><text x="${EDGE}" y="24" font-size="14" font-weight="600">${escaped(title)}</text>
${lines.join("\n")}<text x="${EDGE}" y="${TOP + ROW * rows.length + 15}" fill="${shade("--quiet")}">${more}</text></svg>`;
  save(new Blob([text], { type: "image/svg+xml" }), `${title}.svg`);
}
