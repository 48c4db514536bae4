"""Tests that need PyTorch and what is as large: `make soak` runs them in `.envs/training`; elsewhere they are not even collected."""

from __future__ import annotations

import os
from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") else ["*.py"]
# TensorFlow, which Keras takes unless told otherwise, is as large as all the rest.
os.environ["KERAS_BACKEND"] = "torch"
