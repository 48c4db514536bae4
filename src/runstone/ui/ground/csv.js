/** Values as CSV has them. Knows nothing of what they are of. */

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * A value as RFC 4180 has it. A text that a spreadsheet would take for a formula, which may ask other machines, has an apostrophe before it: there it
 * is a text. What is a number stays one.
 * @param {unknown} value
 */
export function field(value) {
  const said = value === null || value === undefined ? "" : String(value);
  const text = /^[=+\-@\t\r]/.test(said) && typeof value === "string" && !NUMBER.test(said) ? `'${said}` : said;
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
