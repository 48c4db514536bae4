/** How wide something is, for who draws into it. */

import { useEffect, useRef, useState } from "../ground/html.js";

/** The width of an element, 0 until it is known. @returns {[import("preact").RefObject<HTMLDivElement>, number]} */
export function useWidth() {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    if (box.current) watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  return [/** @type {any} */ (box), width];
}
