"""A model that answers requests: MLflow's scoring protocol over HTTP, and files of many rows. Knows no flavor and no store."""
