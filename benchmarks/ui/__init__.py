"""The page in a real browser, beside MLflow's on the same data."""
