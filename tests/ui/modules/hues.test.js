import assert from "node:assert/strict";
import { test } from "node:test";
import { HUES, NEUTRAL } from "../../../src/runstone/ui/ground/hues.js";

/** The grounds on which charts and tables are drawn (--surface of style.css). */
const GROUNDS = { light: "#ffffff", dark: "#161b22" };

/** @param {string} hex @returns {number[]} linear light */
const light = (hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));

const times = (/** @type {number[][]} */ matrix, /** @type {number[]} */ vector) => matrix.map((row) => row.reduce((sum, one, at) => sum + one * vector[at], 0));

// Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision deficiency", 2009: the whole of each deficiency.
const SEEN = {
  usual: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

/** OKLab (Ottosson, 2020), of light as it is seen. @param {string} hex @param {keyof typeof SEEN} by */
function lab(hex, by) {
  const seen = times(SEEN[by], light(hex)).map((part) => Math.min(1, Math.max(0, part)));
  const cones = times([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]], seen).map(Math.cbrt);
  return times([[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099], [0.0259040371, 0.7827717662, -0.808675766]], cones);
}

/** @param {string} one @param {string} other @param {keyof typeof SEEN} by in hundredths: 2 is what an eye just tells apart, side by side */
const apart = (one, other, by) => 100 * Math.hypot(...lab(one, by).map((part, at) => part - lab(other, by)[at]));

/** @param {string} hex */
const luminance = (hex) => times([[0.2126, 0.7152, 0.0722]], light(hex))[0];
/** @param {string} one @param {string} other */
function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

for (const ground of /** @type {const} */ (["light", "dark"])) {
  const hues = HUES[ground];

  test(`on a ${ground} ground any two hues are told apart, also by the colour-blind`, () => {
    for (const [by, enough] of /** @type {[keyof typeof SEEN, number][]} */ ([["usual", 12], ["protanopia", 8], ["deuteranopia", 8], ["tritanopia", 7]])) {
      hues.forEach((one, at) => hues.slice(at + 1).forEach((other) => assert.ok(apart(one, other, by) >= enough, `${by}: ${one} and ${other} are ${apart(one, other, by).toFixed(1)} apart`)));
    }
  });

  test(`on a ${ground} ground every hue is seen, and grey is none of them`, () => {
    for (const hue of hues) assert.ok(contrast(hue, GROUNDS[ground]) >= 3, hue);
    assert.ok(contrast(NEUTRAL[ground], GROUNDS[ground]) >= 2);
    for (const hue of hues) assert.ok(apart(hue, NEUTRAL[ground], "usual") >= 8, `${hue}: ${apart(hue, NEUTRAL[ground], "usual")}`);
  });
}

test("a run keeps its hue when the ground changes, and a step of any width goes through all hues", () => {
  assert.equal(HUES.light.length, HUES.dark.length);
  for (let step = 2; step < HUES.light.length; step += 1) assert.ok(HUES.light.length % step !== 0);
  HUES.light.forEach((one, at) => {
    const [first, other] = [one, HUES.dark[at]].map((hex) => {
      const [, a, b] = lab(hex, "usual");
      return Math.atan2(b, a);
    });
    const by = Math.abs(((first - other + 3 * Math.PI) % (2 * Math.PI)) - Math.PI);
    assert.ok(by < 0.35, `${one} and ${HUES.dark[at]} are ${Math.round((180 * by) / Math.PI)} degrees apart`);
  });
});
