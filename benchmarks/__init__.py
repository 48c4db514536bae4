"""What runstone costs, beside other trackers and the machine's own limits. `make bench` runs it all; see README.md."""
