/** Metrics of the machine that a run was on: wherever metrics are listed they stand after what was measured of the training. */

/** @param {string} key */
export const ofMachine = (key) => key.startsWith("system/");

/** For sorting. @param {string} one @param {string} other */
export const machineLast = (one, other) => Number(ofMachine(one)) - Number(ofMachine(other));
