/** How many pixels a picture has that stands within a notebook, by its first bytes; a file's the server looks for (previews/pictures.py). Knows no browser. */

/** Pixels of a picture that is shown: four bytes of the browser's memory each. */
export const MOST = 100_000_000;
/** Letters of base64 in which they are looked for: 256 KB. */
const HEAD = 349_528;

/**
 * Width times height; 0 of what is no picture that is known here.
 * @param {string} base64
 */
export function pixels(base64) {
  let text = "";
  try {
    text = atob(base64.slice(0, HEAD));
  } catch {
    return 0;
  }
  const head = new DataView(Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer);
  try {
    if (text.startsWith("\x89PNG\r\n\x1a\n")) return head.getUint32(16) * head.getUint32(20);
    if (text.startsWith("GIF8")) return head.getUint16(6, true) * head.getUint16(8, true);
    if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return webp(text.slice(12, 16), head);
    return text.startsWith("\xff\xd8") ? jpeg(head) : 0;
  } catch {
    return 0; // it ends before it says so
  }
}

/** @param {string} kind @param {DataView} head */
function webp(kind, head) {
  if (kind === "VP8X") return ((head.getUint32(24, true) & 0xffffff) + 1) * ((head.getUint32(26, true) >>> 8) + 1);
  if (kind === "VP8L") return ((head.getUint32(21, true) & 0x3fff) + 1) * (((head.getUint32(21, true) >>> 14) & 0x3fff) + 1);
  return kind === "VP8 " ? (head.getUint16(26, true) & 0x3fff) * (head.getUint16(28, true) & 0x3fff) : 0;
}

/** @param {DataView} head */
function jpeg(head) {
  for (let at = 2; head.getUint8(at) === 0xff; ) {
    const mark = head.getUint8(at + 1);
    if (mark === 0xff) at += 1; // filling
    else if (mark >= 0xc0 && mark <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(mark)) return head.getUint16(at + 5) * head.getUint16(at + 7);
    else at += mark === 1 || (mark >= 0xd0 && mark <= 0xd8) ? 2 : 2 + Math.max(2, head.getUint16(at + 2));
  }
  return 0;
}
