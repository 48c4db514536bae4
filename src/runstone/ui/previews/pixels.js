/** An array of 8-bit numbers that is as large as a picture, as that: rows of pixels, each grey, or red, green and blue, with how opaque it is where there are four. Knows no page. */

/** Bytes that are fetched to be drawn. */
const MOST = 16_000_000;
/** Pixels of one side: what is smaller is a table, what is larger no canvas. */
const LEAST = 8, LONGEST = 8_192;

/**
 * @param {{name: string, value: string}[]} facts what the server says of it
 * @param {number} size bytes of the file
 * @returns {{high: number, wide: number, deep: number} | null} null where it is no picture
 */
export function pictureOf(facts, size) {
  const said = (/** @type {string} */ name) => facts.find((one) => one.name === name)?.value ?? "";
  const [high, wide, deep = 1, more] = said("Shape").replaceAll(",", "").split(" × ").map(Number);
  const sides = [high, wide].every((side) => side >= LEAST && side <= LONGEST);
  return said("Type") === "uint8" && sides && more === undefined && [1, 3, 4].includes(deep) && size <= MOST ? { high, wide, deep } : null;
}

/**
 * The pixels as a canvas has them: four numbers each.
 * @param {Uint8Array} file
 * @param {{high: number, wide: number, deep: number}} picture
 * @returns {Uint8ClampedArray<ArrayBuffer> | null} null where it lies in another order than rows
 */
export function pixelsOf(file, { high, wide, deep }) {
  const count = high * wide * deep;
  const head = new TextDecoder("latin1").decode(file.subarray(0, Math.max(0, file.length - count)));
  if (file.length < count || !/'fortran_order': *False/.test(head)) return null;
  const numbers = file.subarray(file.length - count);
  const found = new Uint8ClampedArray(high * wide * 4);
  for (let at = 0; at < high * wide; at += 1) {
    for (let part = 0; part < 3; part += 1) found[4 * at + part] = numbers[deep * at + (deep === 1 ? 0 : part)];
    found[4 * at + 3] = deep === 4 ? numbers[deep * at + 3] : 255;
  }
  return found;
}
