"""Whether what would run code when it is loaded may be: static looks at pickles, and a policy. Runs nothing of what it looks at."""
