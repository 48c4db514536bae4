"""What keeping artifacts costs, beside `cp`, MLflow's stores and W&B offline. `make bench-artifacts` runs it all; see ../README.md."""
