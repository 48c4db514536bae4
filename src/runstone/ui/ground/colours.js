/**
 * Colours of runs. A run keeps its colour everywhere: it is decided by its id (or by the tag mlflow.runColor, which MLflow's page writes, too).
 * Twelve hues that are told apart with the usual kinds of colour-blindness (after Paul Tol's "muted" and "bright" schemes), each in a shade for
 * light and one for dark grounds with a contrast of 3:1 at least.
 */

import { dark } from "./kept.js";

const LIGHT = ["#3366cc", "#cc4477", "#2a8a57", "#b0701a", "#7a55c7", "#0d869e", "#c2412d", "#6a7d1e", "#a53da0", "#4d6a8a", "#8d5a3c", "#1a7f7f"];
const DARK = ["#7aa5ff", "#ff8fb3", "#5fcf95", "#e9b05a", "#b79bff", "#55c8e0", "#ff8d78", "#b3c655", "#e48be0", "#9db8d6", "#d3a283", "#5ed0cb"];

/**
 * A run's colour, on the ground as it is now.
 * @param {string} id
 * @param {string | null} [chosen] what its tag says
 */
export function colour(id, chosen) {
  if (chosen && /^#[0-9a-f]{6}$/i.test(chosen)) return chosen;
  const shades = dark.value ? DARK : LIGHT;
  return shades[place(id) % shades.length];
}

/** The colour of the first, second, ... of some that are no runs and are to differ, such as groups. @param {number} number */
export const nth = (number) => (dark.value ? DARK : LIGHT)[number % LIGHT.length];

/**
 * Where in the palette an id is: FNV-1a, so that ids that differ in a character are far from each other.
 * @param {string} id
 */
function place(id) {
  let mixed = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1) {
    mixed ^= id.charCodeAt(at);
    mixed = Math.imul(mixed, 0x01000193) >>> 0;
  }
  return mixed >>> 0;
}

/**
 * A colour of the style sheet, for canvases.
 * @param {string} name such as --text
 */
export const shade = (name) => window.getComputedStyle(document.documentElement).getPropertyValue(name).trim();
