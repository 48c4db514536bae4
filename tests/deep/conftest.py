"""Tests that need PyTorch or TensorFlow: `make soak` runs them in `.envs/training` and `.envs/tensorflow`; elsewhere they are not even collected.

Keras's run in both, on the one's backend and on the other's.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

if find_spec("torch"):
    collect_ignore_glob = ["test_tensorflow*.py"]
    os.environ["KERAS_BACKEND"] = "torch"
    # No hub is asked, and code that came with a model is copied nowhere for good.
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="runstone-hub-")
    atexit.register(shutil.rmtree, os.environ["HF_HOME"], ignore_errors=True)
elif find_spec("tensorflow"):
    kept = ("test_keras", "test_tensorflow")
    collect_ignore_glob = [file.name for file in Path(__file__).parent.glob("*.py") if not file.name.startswith(kept)]
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
else:
    collect_ignore_glob = ["*.py"]
