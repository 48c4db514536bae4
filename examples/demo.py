"""`make demo`: train with an unchanged MLflow script, then find, fetch and use the model in a second process. No server."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUNSTONE = (sys.executable, "-m", "runstone")


def step(title: str, *command: str) -> None:
    """Say what comes, and do it in a process of its own."""
    print(f"\n\033[1m{title}\033[0m" if sys.stdout.isatty() else f"\n{title}", flush=True)
    subprocess.run(command, check=True)


def main() -> None:
    folder = Path(os.environ.get("DEMO_FOLDER") or tempfile.mkdtemp(prefix="runstone-demo-")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    # What to type afterwards, from the folder where the reader is now.
    beside = Path(sys.executable).with_name("runstone")
    typed = os.path.relpath(beside) if beside.exists() else f"{os.path.relpath(sys.executable)} -m runstone"
    os.chdir(folder)
    os.environ["RUNSTONE_URI"] = str(folder / ".runstone")
    os.environ["RUNSTONE_QUIET"] = "1"  # where the run went is said once, at the end
    step(
        "1. Train. The script says `import mlflow`; `runstone run --explain` runs it and tells what each call does:",
        *RUNSTONE,
        "run",
        "--explain",
        str(HERE / "train.py"),
    )
    step(
        "2. In a second process: find the run by a search, download its model, check its digest, predict.",
        sys.executable,
        str(HERE / "predict.py"),
    )
    step("3. What the store holds now:", *RUNSTONE, "runs")
    step("4. How its metrics went:", *RUNSTONE, "metrics", "latest", *(["loss"] if sys.stdout.isatty() else []))
    step("5. Every byte read again and compared with its digest:", *RUNSTONE, "verify")
    print(
        f"\nAll of it is in {folder}: no server, no account. Look around:\n"
        f"  {typed} --store {folder} runs show latest\n"
        f"  {typed} --store {folder} metrics latest accuracy loss\n"
        f"  {typed} --store {folder} artifacts ls latest"
    )


if __name__ == "__main__":
    main()
