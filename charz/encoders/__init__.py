"""Encoders: text to vector, one kind per file.

An item is a module with

``OPTIONS``
    The names of the options that its specs may carry.
``describe(spec) -> EncoderFacts``
    Read configuration and weights' fingerprint; never needs to run the model.
``checkpoint(spec) -> str``
    A key; specs with equal keys share one pass over the texts.
``load(specs) -> Loaded``
    An object for specs of one checkpoint, with ``encode(texts) -> list of float32 arrays
    (len(texts), n_dims)``, one per spec in order, and ``n_tokens``: the tokens read so far.
    A fitted kind (``is_fitted``) also has ``fit(texts)``, called first, on training texts.
    A slow kind also has ``state() -> str``, all that its floats depend on besides specs and
    texts: weights, software, device, threads. Its texts then come in chunks, longest first,
    and a chunk that was encoded in the same state is not encoded again.

Kinds see single, distinct texts: pairs, repeats and order are the embed step's business.
`describe` and `expand` work on specs of any kind; a kind with more than one spelling of a
name also offers ``canonical(spec)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from charz.records import EncoderFacts, EncoderSpec


class Loaded(Protocol):
    """Specs of one checkpoint, ready to encode."""

    is_fitted: bool
    n_tokens: int

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return one float32 array (len(texts), n_dims) per spec, in order."""
        ...


def describe(spec: EncoderSpec) -> EncoderFacts:
    """Return what is known of ``spec`` without running it.

    Raises
    ------
    UnknownNameError
        When no kind of that name exists, or a hub knows no such model.
    InputError
        When an option is unknown or out of range, or files are missing or damaged.

    Examples
    --------
    >>> from charz.records import EncoderSpec
    >>> describe(EncoderSpec.parse("random:hash?dims=64")).n_dims
    64
    """
    from charz import shelf

    facts: EncoderFacts = shelf.load("encoders", spec.kind).describe(spec)
    return facts


def expand(text: str) -> list[EncoderSpec]:
    """Return every spec that ``text`` stands for: see `charz.encoders._expand`.

    >>> [str(spec) for spec in expand("random:hash?dims=32,64&seed=0..1")]
    ['random:hash?dims=32&seed=0', 'random:hash?dims=32&seed=1',
     'random:hash?dims=64&seed=0', 'random:hash?dims=64&seed=1']
    """
    from charz.encoders._expand import expand as expanded

    return expanded(text)
