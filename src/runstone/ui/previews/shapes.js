/** GeoJSON (RFC 7946) as shapes on a plane, within bounds: what a file says may be of any size and nested as one likes. Knows no page. */

/**
 * @typedef {[number, number]} Place longitude and latitude, in degrees
 * @typedef {{kind: "point" | "line" | "area", places: Place[]}} Piece an area's places are a ring
 * @typedef {{name: string, properties: any, pieces: Piece[]}} Shape
 * @typedef {{shapes: Shape[], box: [number, number, number, number], whole: boolean, round: boolean}} Shapes
 *   box: west, south, east, north; whole: nothing is left out; round: all places are on the globe
 */

/** Features, places of all of them, geometries in geometries; what is further away is no place. */
const FEATURES = 2_000, PLACES = 50_000, DEEP = 8, FAR = 1e9;
/** @param {unknown} number */
const near = (number) => typeof number === "number" && Math.abs(number) <= FAR;
const NAMES = ["name", "NAME", "Name", "title", "label", "id"];
/** How often a kind's coordinates are lists of lists of a place, and what they are. @type {Record<string, [number, Piece["kind"]]>} */
const KINDS = { Point: [0, "point"], MultiPoint: [1, "point"], LineString: [1, "line"], MultiLineString: [2, "line"], Polygon: [2, "area"], MultiPolygon: [3, "area"] };

/**
 * @param {any} value what a file holds
 * @returns {Shapes | null} null where it is no GeoJSON with anything to draw
 */
export function shapesOf(value) {
  const features = value?.type === "FeatureCollection" && Array.isArray(value.features) ? value.features : value?.type === "Feature" ? [value] : value?.type === "GeometryCollection" || Object.hasOwn(KINDS, value?.type) ? [{ geometry: value }] : null;
  if (features === null) return null;
  const reading = new Reading();
  /** @type {Shape[]} */
  const shapes = [];
  for (const feature of features.slice(0, FEATURES)) {
    /** @type {Piece[]} */
    const pieces = [];
    reading.geometry(feature?.geometry, pieces, 0);
    const properties = feature?.properties ?? {};
    const name = NAMES.map((key) => properties?.[key]).find((one) => typeof one === "string" || typeof one === "number") ?? feature?.id ?? "";
    if (pieces.length > 0) shapes.push({ name: String(name).slice(0, 200), properties, pieces });
  }
  if (shapes.length === 0) return null;
  const [west, south, east, north] = reading.box;
  return { shapes, box: reading.box, whole: reading.left > 0 && features.length <= FEATURES && !reading.torn, round: west >= -360 && east <= 360 && south >= -90 && north <= 90 };
}

/** What was read so far, and how much more may be. */
class Reading {
  left = PLACES;
  torn = false;
  /** @type {[number, number, number, number]} */
  box = [Infinity, Infinity, -Infinity, -Infinity];

  /** @param {any} geometry @param {Piece[]} pieces @param {number} depth */
  geometry(geometry, pieces, depth) {
    if (geometry?.type === "GeometryCollection" && Array.isArray(geometry.geometries)) {
      if (depth >= DEEP) this.torn = true;
      else for (const one of geometry.geometries) {
        if (this.left <= 0) return;
        this.left -= 1;
        this.geometry(one, pieces, depth + 1);
      }
    } else if (Object.hasOwn(KINDS, geometry?.type)) {
      const [lists, kind] = KINDS[geometry.type];
      this.lists(geometry.coordinates, lists, kind, pieces);
    }
  }

  /** @param {any} coordinates @param {number} lists @param {Piece["kind"]} kind @param {Piece[]} pieces */
  lists(coordinates, lists, kind, pieces) {
    if (this.left <= 0) return;
    if (kind !== "point" && lists > 1) {
      for (const one of Array.isArray(coordinates) ? coordinates.slice(0, this.left) : []) {
        this.left -= 1;
        this.lists(one, lists - 1, kind, pieces);
      }
      return;
    }
    /** @type {Place[]} */
    const places = [];
    for (const one of lists === 0 ? [coordinates] : Array.isArray(coordinates) ? coordinates : []) {
      if (this.left-- <= 0) break;
      if (!Array.isArray(one) || !near(one[0]) || !near(one[1])) {
        this.torn = true;
        continue;
      }
      const [x, y] = one;
      places.push([x, y]);
      this.box = [Math.min(this.box[0], x), Math.min(this.box[1], y), Math.max(this.box[2], x), Math.max(this.box[3], y)];
    }
    if (kind === "point") pieces.push(...places.map((place) => ({ kind, places: [place] })));
    else if (places.length > 1) pieces.push({ kind, places });
  }
}

/**
 * The numbers between two others that a map has lines at.
 * @param {number} low
 * @param {number} high
 */
export function lines(low, high) {
  const rough = (high - low) / 5;
  if (!(rough > 0)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (rough / power > 5 ? 10 : rough / power > 2 ? 5 : rough / power > 1 ? 2 : 1);
  const found = [];
  for (let at = Math.ceil(low / step); at * step <= high && found.length < 20; at += 1) found.push(Number((at * step).toPrecision(10)));
  return found;
}
