"""Datasets, as `mlflow.data` has them. Not written yet: log entities.DatasetInput with Client.log_inputs."""
