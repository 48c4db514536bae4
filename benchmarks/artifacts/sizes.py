"""`python -m benchmarks.artifacts.sizes`: what other chunk sizes would store of the cases of docs/stored-once.md, and take.

A case is cut and named as runstone does it, with LEAST half of AVERAGE; chunks that are new are compressed, or left,
as they would be. Packs and the database are left out: what they add does not depend on where the cuts are.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

import blake3
from pyfastcdc import FastCDC

from benchmarks.artifacts.once import CASES, made
from benchmarks.measure import ROOT
from runstone.repository.chunks import MOST
from runstone.repository.compression import compress

AVERAGES = (64, 128, 256, 512, 1024)  # KiB


def measured(files: list[str], average: int) -> dict[str, float]:
    """Bytes of chunks that are stored once, plain and compressed; how many chunks; CPU seconds of cutting and naming, of compressing."""
    cutter = FastCDC(average, min_size=average // 2, max_size=MOST, normalized_chunking=3)
    seen: set[bytes] = set()
    found = dict.fromkeys(("plain", "compressed", "chunks", "all", "cutting", "compressing"), 0.0)
    for path in files:
        with open(path, "rb") as file:
            data = file.read()
        began = time.process_time()
        chunks = list(_named(cutter, data, average))
        found["cutting"] += time.process_time() - began
        found["all"] += len(chunks)
        fresh = {name: chunk for name, chunk in chunks if name not in seen}
        seen.update(fresh)
        began = time.process_time()
        found["compressed"] += sum(len(compress(chunk) or chunk) for chunk in fresh.values())
        found["compressing"] += time.process_time() - began
        found["plain"] += sum(map(len, fresh.values()))
    found["chunks"] = len(seen)
    return found


def _named(cutter: FastCDC, data: bytes, average: int) -> Iterator[tuple[bytes, memoryview]]:
    if len(data) <= average // 2:
        yield blake3.blake3(data).digest(), memoryview(data)
        return
    for chunk in cutter.cut_buf(memoryview(data)):
        yield blake3.blake3(chunk.data).digest(), chunk.data


def main() -> None:
    """Print the table: stored over ideal, plain and compressed."""
    folder = os.path.join(ROOT, "benchmarks", "results", "cases")
    print("| case | versions MB | ideal MB | " + " | ".join(f"{size} KiB" for size in AVERAGES) + " |")
    print("|---|---|---|" + "---|" * len(AVERAGES))
    sums = {size: dict.fromkeys(("all", "chunks", "cutting", "compressing"), 0.0) for size in AVERAGES}
    for case in CASES:
        print(f"{case} ...", file=sys.stderr, flush=True)
        files, ideal = made(case, folder)
        whole, cells = sum(map(os.path.getsize, files)), []
        for size in AVERAGES:
            found = measured(files, size << 10)
            cells.append(f"{found['plain'] / ideal:.2f}, {found['compressed'] / ideal:.2f}")
            for key in sums[size]:
                sums[size][key] += found[key]
        print(f"| {case} | {whole / 1e6:,.0f} | {ideal / 1e6:,.0f} | " + " | ".join(cells) + " |", flush=True)
    for title, key in (
        ("chunks named by files", "all"), ("chunks stored", "chunks"),
        ("CPU s of cutting and naming", "cutting"), ("CPU s of compressing", "compressing"),
    ):  # fmt: skip
        shown = (
            f"{sums[size][key]:,.0f}" if "chunks" in key or key == "all" else f"{sums[size][key]:.2f}"
            for size in AVERAGES
        )
        print(f"| {title} | | | " + " | ".join(shown) + " |")


if __name__ == "__main__":
    main()
