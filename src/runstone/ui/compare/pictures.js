/** Two pictures: beside each other, one wiped over the other, and where their pixels differ. */

import { fileAddress } from "../artifacts/place.js";
import { html, useEffect, useRef, useState } from "../ground/html.js";

/** Pixels that are compared: larger pictures are made smaller first. */
const PIXELS = 2_000_000;

/** @typedef {{path: string, owners: [string, string], names: [string, string]}} Two */

/** @param {Two} props */
export function Wiped({ path, owners: [left, right], names }) {
  const [part, setPart] = useState(50);
  return html`<div class="column">
    <label class="row small"><span class="cut">${names[0]}</span><input type="range" class="grow" min="0" max="100" value=${part} aria-label="How much of the first is seen" onInput=${(/** @type {any} */ event) => setPart(Number(event.target.value))} /><span class="cut">${names[1]}</span></label>
    <div class="wiped">
      <img src=${fileAddress(right, path, { show: true })} alt=${`${path} of ${names[1]}`} />
      <img src=${fileAddress(left, path, { show: true })} alt=${`${path} of ${names[0]}`} style=${{ clipPath: `inset(0 ${100 - part}% 0 0)` }} />
      <span class="wiped-edge" style=${{ left: `${part}%` }} />
    </div>
  </div>`;
}

/** @param {string} address @returns {Promise<HTMLImageElement>} */
const loaded = (address) =>
  new Promise((done, failed) => {
    const image = new Image();
    image.onload = () => done(image);
    image.onerror = () => failed(new Error("One of the two is no picture that a browser can read."));
    image.src = address;
  });

/** The pixels of a picture as large as is asked for. @param {HTMLImageElement} image @param {number} width @param {number} height */
function pixels(image, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const ink = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  ink.drawImage(image, 0, 0, width, height);
  return ink.getImageData(0, 0, width, height);
}

/** @param {Two} props */
export function Subtracted({ path, owners: [left, right] }) {
  const place = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const [said, setSaid] = useState("");
  useEffect(() => {
    let wanted = true;
    Promise.all([left, right].map((owner) => loaded(fileAddress(owner, path, { show: true })))).then(
      ([one, other]) => {
        const canvas = place.current;
        if (!wanted || !canvas) return;
        // A drawing may have no size of its own.
        const [wide, high] = [one.naturalWidth || 300, one.naturalHeight || 150];
        const scale = Math.min(1, Math.sqrt(PIXELS / (wide * high)));
        const [width, height] = [Math.max(1, Math.round(wide * scale)), Math.max(1, Math.round(high * scale))];
        const { found, differ, most } = subtracted(pixels(one, width, height).data, pixels(other, width, height).data);
        [canvas.width, canvas.height] = [width, height];
        canvas.getContext("2d")?.putImageData(new ImageData(found, width, height), 0, 0);
        const sizes = one.naturalWidth === other.naturalWidth && one.naturalHeight === other.naturalHeight ? "" : ` One has ${one.naturalWidth} × ${one.naturalHeight} pixels, the other ${other.naturalWidth} × ${other.naturalHeight}: the second is drawn as large as the first.`;
        setSaid(`${differ === 0 ? "No pixel differs." : `${((100 * differ) / (width * height)).toPrecision(3)} % of the pixels differ, by ${most} of 255 at the most; shown as bright as can be.`}${sizes}${scale < 1 ? " Both were made smaller first." : ""}`);
      },
      (error) => wanted && setSaid(error.message),
    );
    return () => {
      wanted = false;
    };
  }, [path, left, right]);
  return html`<div class="column"><p class="small quiet" role="status">${said || "…"}</p><canvas ref=${place} class="subtracted" role="img" aria-label=${`Where ${path} differs`} width="1" height="1" /></div>`;
}

/**
 * How far colours are apart, made as bright as can be.
 * @param {Uint8ClampedArray} one
 * @param {Uint8ClampedArray} other
 * @returns {{found: Uint8ClampedArray<ArrayBuffer>, differ: number, most: number}}
 */
function subtracted(one, other) {
  const found = new Uint8ClampedArray(one.length);
  let [differ, most] = [0, 0];
  for (let at = 0; at < one.length; at += 4) {
    // What is not there has no colour.
    let apart = Math.abs(one[at + 3] - other[at + 3]);
    for (let part = 0; part < 3; part += 1) {
      const by = Math.abs(one[at + part] * one[at + 3] - other[at + part] * other[at + 3]) / 255;
      found[at + part] = by;
      apart = Math.max(apart, by);
    }
    if (apart > 0) differ += 1;
    if (apart > most) most = apart;
  }
  const gain = most > 0 ? 255 / most : 1;
  for (let at = 0; at < found.length; at += 4) {
    for (let part = 0; part < 3; part += 1) found[at + part] *= gain;
    found[at + 3] = 255;
  }
  return { found, differ, most: Math.round(most) };
}
