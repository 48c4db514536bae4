"""What runstone's server costs, beside MLflow's and FastTrackML's. `make bench-server` runs it all; see ../README.md."""
