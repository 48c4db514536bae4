"""Models that are Python: an object with `predict`, a function, a file of code. What `runstone.pyfunc` saves, and what it loads of them."""
