/**
 * The hues of runs, and of whatever is to differ, in their order. Knows no browser.
 *
 * Found by annealing: any two are as far from each other as eleven hues can be that have a contrast of 3:1 to the ground, to the usual eye and to one
 * that lacks a kind of cones (tests/ui/modules/hues.test.js holds them to it), and neighbours differ most. Eleven, a prime: where two experiments log in
 * turn, so that each has every second number, neither has a hue twice before it has had all.
 */

export const HUES = {
  light: ["#3d9aca", "#4f8a61", "#c64b04", "#a84390", "#4256d1", "#8d78fd", "#b88b03", "#ef5b9a", "#136051", "#902b04", "#771e98"],
  dark: ["#16a2dd", "#71f7a0", "#ff7f49", "#bd51a3", "#9eb4fc", "#7c6bdf", "#fcc110", "#bc8699", "#49d0b4", "#d15228", "#e9caf8"],
};

/** Of a run whose hue is not known, or that is no more. */
export const NEUTRAL = { light: "#9aa3af", dark: "#6b7684" };
