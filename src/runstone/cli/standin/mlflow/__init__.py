"""What `import mlflow` finds in the Pythons that a script under `runstone run` starts: runstone, put in its own place."""

import sys

del sys.modules["mlflow"]
try:
    from runstone.mlflow_alias import install_as_mlflow
except ModuleNotFoundError:
    # Another Python, which has no runstone: this folder reached it through the environment, and its own mlflow is meant.
    sys.path = [folder for folder in sys.path if not __file__.startswith(folder + "/mlflow/")]
else:
    install_as_mlflow()
import mlflow  # noqa: E402, F401
