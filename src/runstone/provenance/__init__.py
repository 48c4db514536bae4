"""Facts about this process: who, where, from which code, with which packages. Knows nothing of runs or stores."""
