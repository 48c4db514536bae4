/** A figure as plotly writes it: what of it can be drawn here, and what is said of it in words. Knows nothing of how it is drawn. */

/**
 * @typedef {{data: any[], layout: any, frames: any[], left: string[], many: boolean, title: string, height: number, facts: [string, string][]}} Figure
 *   left: kinds of traces that are not drawn; many: it has more points than are drawn
 */

/** What the vendored plotly draws; what a graphics card would draw is drawn without one. */
const DRAWN = new Set(["bar", "box", "contour", "heatmap", "histogram", "histogram2d", "histogram2dcontour", "image", "pie", "scatter", "scatterternary", "violin"]);
const PLAIN = /** @type {Record<string, string>} */ ({ scattergl: "scatter", heatmapgl: "heatmap" });
/** Traces that are drawn and told of, points of lines and marks, frames; the pixels of its height. */
const TRACES = 500, POINTS = 100_000, FRAMES = 200, LOW = 240, HIGH = 1_600, USUAL = 480;

/** @param {any} value */
const text = (value) => (typeof value === "string" ? value : typeof value?.text === "string" ? value.text : "").slice(0, 300).replace(/<[^>]*>/g, " ").trim();

/** How many values a list has; plotly's newer writers have them as base64. @param {any} list */
const length = (list) => (Array.isArray(list) ? list.length : typeof list?.bdata === "string" ? Math.floor((list.bdata.length * 3) / 4 / (Number(/\d+$/.exec(String(list.dtype))?.[0]) || 8)) : 0);

/** @param {any} trace */
const points = (trace) => Math.max(...[trace.y, trace.x, trace.z, trace.values].map(length));

/**
 * @param {any} value what the file holds
 * @returns {Figure | null} null where it is none
 */
export function figureOf(value) {
  if (!Array.isArray(value?.data) || typeof value.layout !== "object" || value.layout === null || Array.isArray(value.layout)) return null;
  const traces = value.data.filter((/** @type {any} */ one) => typeof one === "object" && one !== null && !Array.isArray(one)).slice(0, TRACES);
  const data = [], left = new Set();
  for (const trace of traces) {
    const kind = typeof trace.type === "string" ? PLAIN[trace.type] ?? trace.type : "scatter";
    if (DRAWN.has(kind)) data.push({ ...trace, type: kind });
    else left.add(kind.slice(0, 40));
  }
  const { layout } = value;
  /** @type {[string, string][]} */
  const facts = [
    ["Title", text(layout.title)],
    ["Across", text(layout.xaxis?.title)],
    ["Up", text(layout.yaxis?.title)],
    ...traces.slice(0, 50).map((/** @type {any} */ one, /** @type {number} */ at) => /** @type {[string, string]} */ ([
      `Trace ${at + 1}`, [typeof one.type === "string" ? one.type.slice(0, 40) : "scatter", text(one.name), points(one) ? `${points(one).toLocaleString("en")} values` : ""].filter(Boolean).join(" · "),
    ])),
  ];
  return {
    data, layout, frames: Array.isArray(value.frames) ? value.frames.slice(0, FRAMES) : [], left: [...left], title: facts[0][1],
    many: data.reduce((sum, one) => sum + (one.type === "scatter" ? points(one) : 0), 0) > POINTS,
    height: Number.isFinite(layout.height) ? Math.min(HIGH, Math.max(LOW, layout.height)) : USUAL,
    facts: facts.filter(([, said]) => said),
  };
}
