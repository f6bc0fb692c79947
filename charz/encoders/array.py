"""Embeddings computed elsewhere: ``array:PATH``, each row matched to its text.

Encoders behind an API or in-house take part by a file that holds vectors *and* the texts
they belong to, matched exactly, character by character:

- ``.parquet``: a column ``text`` and either ``embedding`` (lists of one length) or numeric
  columns, one per dimension in file order;
- ``.npz``: arrays ``embeddings`` and ``texts``, or ``sha256`` (hex digests of the texts'
  UTF-8 bytes, where texts must not leave the house);
- ``.npy``: rows in the order of the texts beside it in ``NAME.texts.jsonl``, ``.csv`` or
  ``.txt`` (one per line).

Nothing is unpickled. Options: ``dims``, ``normalize`` (false), ``pair``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from charz.encoders import _options
from charz.encoders._files import fingerprint
from charz.errors import InputError
from charz.records import EncoderFacts, EncoderSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from charz.encoders._rows import Rows

OPTIONS = ("dims", "normalize", "pair")


def describe(spec: EncoderSpec) -> EncoderFacts:
    """Return the facts of a file; the file is read and checked."""
    path = _path(spec)
    rows = _read(path)
    return EncoderFacts(
        spec=spec,
        lineage=path.stem.lower(),
        fingerprint=fingerprint(path.parent, rows.files),
        n_dims=_options.dims(spec, rows.X.shape[1]),
        is_normalized=_options.boolean(spec, "normalize", False),
        extra={"n_texts": len(rows.X)},
    )


def checkpoint(spec: EncoderSpec) -> str:
    """Specs of one file share its rows."""
    return f"array:{spec.name}"


def load(specs: Sequence[EncoderSpec]) -> Lookup:
    """Read the file of the specs and index its texts."""
    return Lookup(specs, _read(_path(specs[0])))


class Lookup:
    """Rows by text."""

    is_fitted = False

    def __init__(self, specs: Sequence[EncoderSpec], rows: Rows) -> None:
        for spec in specs:
            _options.check(spec, OPTIONS)
        self.n_tokens = 0
        self._rows = rows
        self._name = specs[0].name
        self._dims = [_options.dims(spec, rows.X.shape[1]) for spec in specs]
        self._normalize = [_options.boolean(spec, "normalize", False) for spec in specs]

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return the stored vectors of the texts, one array (len(texts), n_dims) per spec.

        Raises
        ------
        InputError
            When a text is not in the file, counting them and showing the first.
        """
        import numpy as np

        from charz.encoders._output import finish

        keys = [_sha256(text) for text in texts] if self._rows.is_hashed else texts
        found = [self._rows.index.get(key, -1) for key in keys]
        missing = [text for text, row in zip(texts, found, strict=True) if row < 0]
        if missing:
            shown = repr(missing[0][:80])
            raise InputError(
                f"'{self._name}' has no vector for {len(missing)} of {len(texts)} texts, "
                f"the first {shown}",
                "embed these texts too; they must match exactly",
            )
        X = self._rows.X[np.array(found, dtype=np.int64)]
        settings = zip(self._dims, self._normalize, strict=True)
        return [finish(X, n_dims, normalize) for n_dims, normalize in settings]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _path(spec: EncoderSpec) -> Path:
    _options.check(spec, OPTIONS)
    _options.refuse_revision(spec)
    return Path(spec.name).expanduser()


def _read(path: Path) -> Rows:
    from charz.encoders._rows import read

    try:
        stat = path.stat()
    except OSError as error:
        raise InputError(
            f"there is no file '{path}'", "write array:PATH.parquet, .npz or .npy"
        ) from error
    return read(path, stat.st_mtime_ns)
