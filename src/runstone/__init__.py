"""runstone: records machine-learning runs so that nothing is lost. Names only; each is loaded when first touched (PEP 562)."""

from __future__ import annotations
