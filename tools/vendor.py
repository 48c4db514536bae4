"""Copy the page's libraries out of tools/page/node_modules into src/runstone/ui/vendor, each with its name, version and licence at the top.

`make vendor` installs them first, by the lock file. What is copied is the library's own file, but for the line that names a source map; what few
look at is kept compressed.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from pathlib import Path

FROM = Path("tools/page/node_modules")
TO = Path("src/runstone/ui/vendor")
# The file in the page, the package, the file in the package.
FILES = (
    ("preact.js", "preact", "dist/preact.mjs"),
    ("preact-hooks.js", "preact", "hooks/dist/hooks.mjs"),
    ("signals-core.js", "@preact/signals-core", "dist/signals-core.mjs"),
    ("signals.js", "@preact/signals", "dist/signals.mjs"),
    ("htm.js", "htm", "dist/htm.mjs"),
    ("uplot.js", "uplot", "dist/uPlot.esm.js"),
    ("uplot.css", "uplot", "dist/uPlot.min.css"),
    ("plotly.js.gz", "plotly.js-cartesian-dist-min", "plotly-cartesian.min.js"),
)


def main() -> int:
    """Copy all of them, and the licences' texts into one file."""
    TO.mkdir(parents=True, exist_ok=True)
    licences: dict[str, str] = {}
    for name, package, path in FILES:
        facts = json.loads((FROM / package / "package.json").read_text())
        text = re.sub(r"\n?//# sourceMappingURL=.*\s*$", "\n", (FROM / package / path).read_text())
        head = f"/*! {package} {facts['version']} | {facts['license']} | {path} | see LICENSES.txt */\n"
        content = (head + text).encode()
        (TO / name).write_bytes(gzip.compress(content, 9, mtime=0) if name.endswith(".gz") else content)
        licence = next((FROM / package).glob("LICENSE*")).read_text()
        licences.setdefault(f"{package} {facts['version']} ({facts['license']})", licence)
    heads = [f"{title}\n{'=' * len(title)}\n\n{text.strip()}\n" for title, text in licences.items()]
    (TO / "LICENSES.txt").write_text("\n\n".join(heads))
    print("\n".join(f"{TO / name}" for name, _, _ in FILES))
    return 0


if __name__ == "__main__":
    sys.exit(main())
