/** Which way a metric is to go, and how far a value is from a baseline's. The name says it, where nobody has said otherwise. */

import { number } from "./format.js";
import { kept } from "./kept.js";

/** @typedef {"least" | "greatest" | ""} Goal "": nobody knows */

/** What was said by hand, by metric. */
const said = kept("goals", /** @type {Record<string, Goal>} */ ({}));

const LEAST = /(^|[^a-z])(loss|losses|err|error|errors|mse|rmse|mae|mape|msle|nll|bce|perplexity|ppl|wer|cer|fid|kid|regret|latency|time|duration|seconds|ms|divergence|kl|brier|fpr|fnr)([^a-z]|$)|loss$|error$/;
const GREATEST = /(^|[^a-z])(acc|accuracy|auc|auroc|roc|f1|f|precision|recall|score|r2|map|ap|iou|miou|dice|bleu|rouge|reward|return|psnr|ssim|ndcg|mrr|hit|hits|throughput|tpr|tnr|jaccard|kappa|mcc|correct|win|elo|top)([^a-z]|$)|accuracy$|score$|reward$/;

/**
 * Which way a metric goes by its name: the last part of it that says something counts ("val/accuracy_loss" is a loss).
 * @param {string} key
 * @returns {Goal}
 */
export function byName(key) {
  const parts = key.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase().split(/[/._\s-]+/).reverse();
  for (const part of parts) {
    const plain = part.replace(/\d+$/, "") || part;
    if (LEAST.test(part) || LEAST.test(plain)) return "least";
    if (GREATEST.test(part) || GREATEST.test(plain)) return "greatest";
  }
  return "";
}

/** @param {string} key @returns {Goal} */
export const goal = (key) => said.value[key] ?? byName(key);

/** The next of least, greatest, unknown. @param {string} key */
export function turnGoal(key) {
  const next = { least: "greatest", greatest: "", "": "least" };
  said.value = { ...said.value, [key]: /** @type {Goal} */ (next[goal(key)]) };
}

/**
 * How far a value is from the baseline's: "+0.012 (+3.4 %)". Without a percentage where the baseline is 0.
 * @param {number} value
 * @param {number} base
 */
export function away(value, base) {
  const by = value - base;
  if (by === 0) return "±0";
  const sign = by > 0 ? "+" : "−";
  const part = Math.abs(by / base) * 100;
  const share = Number.isFinite(part) ? ` (${sign}${part >= 1000 ? number(Math.round(part)) : Number(part.toPrecision(part >= 100 ? 3 : 2))} %)` : "";
  return `${sign}${number(Number(Math.abs(by).toPrecision(3)))}${share}`;
}

/**
 * Whether a change is for the better: "good", "bad", or "" where nobody knows or nothing changed.
 * @param {number} value
 * @param {number} base
 * @param {Goal} to
 */
export function judged(value, base, to) {
  if (!to || value === base) return "";
  return value < base === (to === "least") ? "good" : "bad";
}

/**
 * The best of some values, undefined where there is none or all are the same.
 * @param {(number | null | undefined)[]} values
 * @param {Goal} to
 */
export function best(values, to) {
  const there = /** @type {number[]} */ (values.filter((one) => typeof one === "number" && !Number.isNaN(one)));
  if (!to || there.length < 2) return undefined;
  const least = there.reduce((one, other) => Math.min(one, other));
  const greatest = there.reduce((one, other) => Math.max(one, other));
  return least === greatest ? undefined : to === "least" ? least : greatest;
}
