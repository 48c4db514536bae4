"""Which runstone this is."""

__version__ = "0.1.0"
# The header by which our server's /version, whose body is MLflow's version, is known from a stock server's.
HEADER = "Runstone-Version"
# The release whose Python API, wire and model folder runstone keeps: libraries ask for it before they use a name that older releases lacked.
MLFLOW_VERSION = "3.17.2"
