"""What is in a file, told without running anything of it, and within bounds of bytes and time. Knows nothing of runs or stores."""
