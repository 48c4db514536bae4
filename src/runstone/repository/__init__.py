"""The only place with bytes: files cut into chunks, chunks in packs, packs in blobs. Knows nothing of runs or SQL."""
