"""`make demo`: train with an unchanged MLflow script, then find, fetch and use the model in a second process. No server."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def step(title: str, *command: str) -> None:
    """Say what comes, and do it in a process of its own."""
    print(f"\n\033[1m{title}\033[0m" if sys.stdout.isatty() else f"\n{title}", flush=True)
    subprocess.run([sys.executable, *command], check=True)


def main() -> None:
    folder = Path(os.environ.get("DEMO_FOLDER") or tempfile.mkdtemp(prefix="runstone-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    os.environ["RUNSTONE_URI"] = str(folder / ".runstone")
    train, predict = str(HERE / "train.py"), str(HERE / "predict.py")
    step(
        "1. Train. The script says `import mlflow`; runstone runs it and tells what happens:",
        "-m",
        "runstone",
        "run",
        "--explain",
        train,
    )
    step("2. In a second process: search, download, check, predict.", predict)
    step("3. What the store holds now:", "-m", "runstone", "runs", "--all")
    step("4. Read every byte again and compare it with its digest:", "-m", "runstone", "verify")
    print(
        f"\nAll of it is in {folder / '.runstone'}: no server, no account. Look around:\n"
        f"  cd {folder}\n  {sys.executable} -m runstone runs\n  {sys.executable} -m runstone metrics RUN accuracy"
    )


if __name__ == "__main__":
    main()
