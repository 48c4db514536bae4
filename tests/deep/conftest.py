"""Tests that need PyTorch and what is as large: `make soak` runs them in `.envs/training`; elsewhere they are not even collected."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") else ["*.py"]
if find_spec("torch"):
    # TensorFlow, which Keras takes unless told otherwise, is as large as all the rest.
    os.environ["KERAS_BACKEND"] = "torch"
    # No hub is asked, and code that came with a model is copied nowhere for good.
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="runstone-hub-")
    atexit.register(shutil.rmtree, os.environ["HF_HOME"], ignore_errors=True)
