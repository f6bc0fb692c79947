"""Untrained controls: what a probe reaches without any pretraining.

``random:hash`` projects hashed word n-grams on random signs. ``random:st/PATH_OR_ID`` is
the network of an ``st:`` checkpoint with fresh weights, its layers and poolings as there.
Both are the same for the same ``seed``.

Options of ``hash``: ``dims`` (256), ``normalize`` (false), ``pair``, ``seed`` (0). The
others take those of ``st:`` too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from charz.encoders import Loaded, _options
from charz.encoders._files import of_settings
from charz.errors import InputError
from charz.records import EncoderFacts, EncoderSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPTIONS = (
    "dims", "layer", "max_tokens", "normalize", "pair", "pooling", "prompt", "seed",
)  # fmt: skip
_HASH_OPTIONS = ("dims", "normalize", "pair", "seed")
_PREFIX = "st/"


def describe(spec: EncoderSpec) -> EncoderFacts:
    """Return the facts of a control."""
    seed = _seed(spec)
    if spec.name != "hash":
        return _describe_network(spec, seed)
    _check(spec)
    n_dims = _dims(spec)
    return EncoderFacts(
        spec=spec,
        lineage="random",
        fingerprint=of_settings("random:hash", 1, n_dims, seed),
        n_dims=n_dims,
        n_parameters=0,
        is_normalized=_options.boolean(spec, "normalize", False),
        is_control=True,
    )


def checkpoint(spec: EncoderSpec) -> str:
    """Specs of one seed share a pass, those of a network as they do in ``st:``."""
    if spec.name == "hash":
        return str(spec.replace(normalize=None, pair=None))
    from charz.encoders import st

    return f"random seed {_seed(spec)} of {st.checkpoint(_trained(spec))}"


def load(specs: Sequence[EncoderSpec]) -> Loaded:
    """Return an encoder for specs of one checkpoint."""
    if specs[0].name == "hash":
        return Hashed(specs)
    from charz.encoders import st

    return st.load([_trained(spec) for spec in specs], untrained_seed=_seed(specs[0]))


class Hashed:
    """Random projections of one set of texts."""

    is_fitted = False

    def __init__(self, specs: Sequence[EncoderSpec]) -> None:
        for spec in specs:
            _check(spec)
        self.n_tokens = 0
        self._n_dims, self._seed = _dims(specs[0]), _seed(specs[0])
        self._normalize = [_options.boolean(spec, "normalize", False) for spec in specs]

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return one array (len(texts), n_dims) per spec; a text without words is zero."""
        from charz.encoders._hashed import project, words
        from charz.encoders._output import finish

        tokens = [words(text) for text in texts]
        self.n_tokens += sum(map(len, tokens))
        X = project(tokens, self._n_dims, self._seed)
        return [finish(X, self._n_dims, normalize) for normalize in self._normalize]


def _describe_network(spec: EncoderSpec, seed: int) -> EncoderFacts:
    from charz.encoders import st

    facts = st.describe(_trained(spec))
    return replace(
        facts,
        spec=spec,
        lineage="random",
        fingerprint=of_settings("random:st", 1, facts.fingerprint, seed),
        license=None,
        is_control=True,
        extra={**facts.extra, "architecture_of": facts.lineage},
    )


def _trained(spec: EncoderSpec) -> EncoderSpec:
    name = spec.name.removeprefix(_PREFIX)
    if name == spec.name or not name:
        raise InputError(f"'{spec}' is no control", "write 'random:hash' or 'random:st/PATH_OR_ID'")
    _options.check(spec, OPTIONS)
    plain = spec.replace(seed=None)
    return EncoderSpec("st", name, spec.revision, plain.options)


def _check(spec: EncoderSpec) -> None:
    _options.check(spec, _HASH_OPTIONS)
    _options.refuse_revision(spec)


def _dims(spec: EncoderSpec) -> int:
    return _options.whole(spec, "dims", 256, low=1, high=4096)


def _seed(spec: EncoderSpec) -> int:
    return _options.whole(spec, "seed", 0, low=0, high=2**31)
