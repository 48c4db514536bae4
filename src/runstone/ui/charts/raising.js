/** The run that the pointer is at: its lines lie above the others, which fade, in all charts of a board. Knows no browser. */

/** @typedef {import("uplot")} uPlot */
/** @typedef {{who?: string, _focus?: boolean | null, _paths?: {stroke?: Path2D}, dash?: number[], stroke?: () => string}} Series who: its run, or its group */

/** Lines of a chart up to which it follows another one: all are drawn again for each run that the pointer passes. */
const FOLLOWS = 40;

/**
 * Which of a chart's lines is the one that is pointed at in another chart.
 * @param {{series: Series[]}} own
 * @param {{series: Series[]}} other
 * @param {number | null} at
 * @returns {number | null} null: none; -1: it stays as it is
 */
export function linked(own, other, at) {
  if (own.series.length > FOLLOWS) return -1;
  if (at === null) return null;
  const found = own.series.findIndex(({ who }) => who !== undefined && who === other.series[at]?.who);
  return found < 0 ? null : found;
}

/**
 * Draw the lines of that run once more, above the others.
 * @param {{ctx: CanvasRenderingContext2D, bbox: {left: number, top: number, width: number, height: number}, series: any[]}} plot
 * @param {number} first the first series that is a line: before it are what lines were before they were smoothed, and edges of bands
 * @param {number} ratio the screen's pixels of one of the page's
 */
export function raised({ ctx, bbox, series }, first, ratio) {
  const lines = /** @type {Series[]} */ (series.slice(1));
  const near = lines.find((one) => one._focus);
  if (!near || lines.every((one) => one._focus)) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.globalAlpha = 1;
  ctx.lineWidth = 2 * ratio;
  ctx.lineJoin = "round";
  for (const { who, _paths: paths, dash = [], stroke } of lines.slice(first - 1)) {
    if (who !== near.who || !paths?.stroke || !stroke) continue;
    ctx.strokeStyle = stroke();
    ctx.setLineDash(dash.map((one) => one * ratio));
    ctx.stroke(paths.stroke);
  }
  ctx.restore();
}
