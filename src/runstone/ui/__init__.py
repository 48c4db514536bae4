"""The page: static ES modules, a style sheet and the libraries in vendor/. No build step; `server/assets.py` serves them. docs/page.md says how it is built."""
