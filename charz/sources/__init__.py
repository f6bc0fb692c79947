"""Sources: where labelled texts come from, one kind per file.

An item is a module with

``claims(reference) -> bool``
    Whether this source reads ``reference`` (a path, a prefixed id), without reading it.
``read(reference, **options) -> Dataset``
    Both splits with labels as text, facts, and counts of rows left out by reason.
``OPTIONS``
    The names of the options it takes.

Everything read is hostile until checked: nothing is unpickled, no name becomes a path.
"""

from __future__ import annotations

from charz.sources._resolve import resolve, source_of

__all__ = ["resolve", "source_of"]
