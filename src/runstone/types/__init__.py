"""What data is, in MLflow's terms: schemas of columns and tensors, inferred from examples, enforced on what a model is asked."""
