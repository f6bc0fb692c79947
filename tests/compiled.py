"""Where tests keep machine code: apart for every state of the sources that it is made of.

Numba looks for changes in the module of a function, not in the modules whose functions it calls.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[1]


def cache() -> str:
    """Return a folder in the checkout, named by all sources that are compiled."""
    texts = [path.read_bytes() for path in sorted((ROOT / "charz").rglob("*.py"))]
    compiled = b"".join(text for text in texts if b"compiled" in text)
    return str(ROOT / ".numba_cache" / sha256(compiled).hexdigest()[:16])
