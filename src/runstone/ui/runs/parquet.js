/**
 * A Parquet file of a table, written here: one row group, one plain page for each column, every value may be missing. The format's description is
 * Thrift's compact protocol, of which it needs six kinds.
 */

/** @typedef {{name: string, kind: "text" | "number" | "time", values: (string | number | null)[]}} ParquetColumn kind "time": ms since 1970 */

const MAGIC = new TextEncoder().encode("PAR1");
const encoder = new TextEncoder();
/** Thrift's types in the compact protocol. */
const I32 = 5, I64 = 6, BINARY = 8, LIST = 9, STRUCT = 12;
/** Parquet's own numbers. */
const INT64 = 2, DOUBLE = 5, BYTE_ARRAY = 6;
const OPTIONAL = 1, UTF8 = 0, TIMESTAMP_MILLIS = 9, PLAIN = 0, RLE = 3, UNCOMPRESSED = 0, DATA_PAGE = 0;
const TYPES = { text: BYTE_ARRAY, number: DOUBLE, time: INT64 };

/** Bytes that grow. */
class Bytes {
  constructor() {
    this.kept = new Uint8Array(1 << 12);
    this.size = 0;
  }

  /** @param {number} more */
  room(more) {
    if (this.size + more <= this.kept.length) return;
    const larger = new Uint8Array(Math.max(2 * this.kept.length, this.size + more));
    larger.set(this.kept.subarray(0, this.size));
    this.kept = larger;
  }

  /** @param {number} value */
  byte(value) {
    this.room(1);
    this.kept[this.size] = value;
    this.size += 1;
  }

  /** @param {Uint8Array} some */
  bytes(some) {
    this.room(some.length);
    this.kept.set(some, this.size);
    this.size += some.length;
  }

  /** An unsigned number in groups of seven bits. @param {number} value */
  varint(value) {
    let left = value;
    while (left >= 128) {
      this.byte((left % 128) | 128);
      left = Math.floor(left / 128);
    }
    this.byte(left);
  }

  /** @param {number} value of 32 bits, the least byte first */
  word(value) {
    this.bytes(new Uint8Array([value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255]));
  }

  done() {
    return this.kept.subarray(0, this.size);
  }
}

/** @typedef {[number, number, any][]} Fields number, type, value of each, rising */

/** @param {Bytes} out @param {Fields} fields */
function struct(out, fields) {
  let last = 0;
  for (const [number, type, value] of fields) {
    out.byte(((number - last) << 4) | type);
    last = number;
    written(out, type, value);
  }
  out.byte(0);
}

/** @param {Bytes} out @param {number} type @param {any} value */
function written(out, type, value) {
  if (type === I32 || type === I64) out.varint(2 * value); // zigzag; none is negative
  else if (type === BINARY) {
    const text = encoder.encode(value);
    out.varint(text.length);
    out.bytes(text);
  } else if (type === STRUCT) struct(out, value);
  else {
    const [of, list] = value;
    if (list.length < 15) out.byte((list.length << 4) | of);
    else {
      out.byte(0xf0 | of);
      out.varint(list.length);
    }
    for (const one of list) written(out, of, one);
  }
}

/** A column's page: which values are there, as bits, then those that are. @param {ParquetColumn} column */
function page({ kind, values }) {
  const bits = new Uint8Array(Math.ceil(values.length / 8));
  const there = values.filter((value, at) => {
    const known = value !== null && value !== undefined;
    if (known) bits[at >> 3] |= 1 << (at & 7);
    return known;
  });
  const levels = new Bytes();
  levels.varint((bits.length << 1) | 1);
  levels.bytes(bits);
  const out = new Bytes();
  out.word(levels.size);
  out.bytes(levels.done());
  if (kind === "text") {
    for (const value of there) {
      const text = encoder.encode(String(value));
      out.word(text.length);
      out.bytes(text);
    }
  } else {
    const plain = new DataView(new ArrayBuffer(8 * there.length));
    there.forEach((value, at) => (kind === "time" ? plain.setBigInt64(8 * at, BigInt(Number(value)), true) : plain.setFloat64(8 * at, Number(value), true)));
    out.bytes(new Uint8Array(plain.buffer));
  }
  return out.done();
}

/**
 * @param {ParquetColumn[]} columns of one length
 * @returns {Uint8Array[]} the file's parts
 */
export function parquet(columns) {
  const rows = columns[0]?.values.length ?? 0;
  /** @type {Uint8Array[]} */
  const parts = [MAGIC];
  let at = MAGIC.length;
  /** @type {Fields[]} */
  const chunks = [];
  for (const column of columns) {
    const body = page(column);
    const head = new Bytes();
    /** @type {Fields} */
    const about = [[1, I32, rows], [2, I32, PLAIN], [3, I32, RLE], [4, I32, RLE]];
    struct(head, [[1, I32, DATA_PAGE], [2, I32, body.length], [3, I32, body.length], [5, STRUCT, about]]);
    const size = head.size + body.length;
    chunks.push([
      [2, I64, at],
      [3, STRUCT, [
        [1, I32, TYPES[column.kind]], [2, LIST, [I32, [PLAIN, RLE]]], [3, LIST, [BINARY, [column.name]]], [4, I32, UNCOMPRESSED],
        [5, I64, rows], [6, I64, size], [7, I64, size], [9, I64, at],
      ]],
    ]);
    parts.push(head.done(), body);
    at += size;
  }
  /** @type {Fields[]} */
  const schema = [[[4, BINARY, "runs"], [5, I32, columns.length]]];
  for (const { name, kind } of columns) {
    /** @type {Fields} */
    const element = [[1, I32, TYPES[kind]], [3, I32, OPTIONAL], [4, BINARY, name]];
    if (kind !== "number") element.push([6, I32, kind === "text" ? UTF8 : TIMESTAMP_MILLIS]);
    schema.push(element);
  }
  const foot = new Bytes();
  struct(foot, [
    [1, I32, 1], [2, LIST, [STRUCT, schema]], [3, I64, rows],
    [4, LIST, [STRUCT, [[[1, LIST, [STRUCT, chunks]], [2, I64, at - MAGIC.length], [3, I64, rows]]]]],
    [6, BINARY, "runstone"],
  ]);
  const length = new Bytes();
  length.word(foot.size);
  return [...parts, foot.done(), length.done(), MAGIC];
}
