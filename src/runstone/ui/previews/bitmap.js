/** An array of pixels, drawn. */

import { bytes, useAnswer } from "../ground/api.js";
import { html, useLayoutEffect, useRef } from "../ground/html.js";
import { pixelsOf } from "./pixels.js";

/** @param {{file: {path: string, digest?: string}, url: string, picture: {high: number, wide: number, deep: number}}} props */
export function Bitmap({ file, url, picture }) {
  const place = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const { data } = useAnswer([url, file.digest], async (signal) => pixelsOf(new Uint8Array(await bytes(url, { signal })), picture));
  useLayoutEffect(() => {
    if (data) place.current?.getContext("2d")?.putImageData(new ImageData(data, picture.wide, picture.high), 0, 0);
  }, [data]);
  if (data === null) return null;
  return html`<div class="inside"><canvas ref=${place} class="files-pixels" width=${picture.wide} height=${picture.high} role="img" aria-label=${`${file.path} as a picture`} /></div>`;
}
