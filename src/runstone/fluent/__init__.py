"""The active run and what is logged to it: MLflow's module-level functions, a file for each kind of thing they are on."""
