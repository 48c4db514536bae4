"""The mirror of transport/: an HTTP server whose routes are the rows of the operations table. Knows nothing of clients or of SQL."""
