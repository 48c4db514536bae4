"""What a model needs to be loaded elsewhere: which distributions in which versions, read off this process, and the files that say it."""
