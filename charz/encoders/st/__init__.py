"""Transformers: ``st:PATH`` or ``st:ORG/MODEL[@REV]``, any layer and pooling in one pass.

A SentenceTransformer folder, a plain transformers folder or a hub id. Code shipped with a
checkpoint is never run.

Options
-------
layer : 0 (the embedding output) to the number of layers
pooling : mean, cls, last or max
    With neither ``layer`` nor ``pooling``, the checkpoint's own pipeline. With one of them,
    the other is the checkpoint's own (mean, where it has none of the four).
prompt : text put before every text (default: the checkpoint's default prompt)
    A space at its end is written ``%20``, as in ``prompt=query:%20``.
max_tokens : truncation (default: the checkpoint's own)
dims : leading dimensions kept, before normalisation
normalize : true or false
    Default: as the checkpoint does, for its own layer and pooling; false for any other.
backend : torch, onnx or openvino
    The latter two give the last layer only. They run the checkpoint's own ``onnx/model.onnx``
    or ``openvino/openvino_model.xml``, or else convert its weights.
dtype : float32 (default) or bfloat16
    What the network computes in, whatever its weights were stored in. Pooling is in float32.
    Where a processor multiplies bfloat16, it takes half the time.
pair : product or full
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from charz.encoders import Loaded, _options
from charz.encoders._card import lineage, read_card
from charz.encoders._hub import commit, folder
from charz.encoders.st._folder import Folder, read
from charz.encoders.st._settings import BACKENDS, DTYPES, Settings, settle
from charz.records import EncoderFacts, EncoderSpec

if TYPE_CHECKING:
    from pathlib import Path

    from charz.encoders.st._network import Network

__all__ = ["DTYPES", "OPTIONS", "checkpoint", "describe", "load", "settled"]

OPTIONS = (
    "backend", "dims", "dtype", "layer", "max_tokens", "normalize", "pair", "pooling", "prompt",
)  # fmt: skip


def describe(spec: EncoderSpec) -> EncoderFacts:
    """Return the facts of a checkpoint from its files, without importing torch."""
    place, held = _open(spec)
    settings = settle(spec, held)
    card = read_card(place)
    revision = commit(place)
    return EncoderFacts(
        spec=spec,
        lineage=lineage(spec.name, card, held.config),
        fingerprint=held.fingerprint(_backend(spec)),
        n_dims=settings.n_dims,
        n_layers=held.n_layers,
        layer=settings.layer,
        pooling=settings.pooling,
        prompt=settings.prompt or None,
        max_tokens=settings.max_tokens,
        n_parameters=held.n_parameters(),
        is_normalized=settings.normalize,
        license=card.license,
        extra={"model_type": held.config.get("model_type")}
        | ({"commit": revision} if revision else {}),
    )


def checkpoint(spec: EncoderSpec) -> str:
    """Specs share a pass when they read the same tokens with the same weights."""
    return str(spec.replace(dims=None, layer=None, normalize=None, pair=None, pooling=None))


def load(specs: Sequence[EncoderSpec], untrained_seed: int | None = None) -> Loaded:
    """Load a checkpoint for its specs.

    Parameters
    ----------
    specs : sequence of EncoderSpec
        Of one `checkpoint`.
    untrained_seed : int, optional
        Give the network fresh random weights instead of its own: a control.
    """
    place, held = _open(specs[0])
    settings: list[Settings] = []
    for spec in specs:
        _options.check(spec, OPTIONS)
        settings.append(settle(spec, held))
    from charz.encoders.st._network import open_network

    network = open_network(specs[0], place, held, _backend(specs[0]), untrained_seed)
    from charz.encoders.st._pass import Pass

    return Pass(network, settings)


def settled(spec: EncoderSpec) -> tuple[Network, Settings]:
    """Return a checkpoint as a network to train, and what its spec asks of it.

    Raises
    ------
    InputError
        When an option is unknown or out of range, or the checkpoint does not load.
    MissingExtraError
        When torch or sentence-transformers are not installed.
    """
    place, held = _open(spec)
    settings = settle(spec, held)
    from charz.encoders.st._network import open_network

    return open_network(spec, place, held, _backend(spec), None), settings


def _open(spec: EncoderSpec) -> tuple[Path, Folder]:
    _options.check(spec, OPTIONS)
    place = folder(spec, "st:FOLDER or st:ORG/MODEL", _backend(spec))
    return place, read(spec, place)


def _backend(spec: EncoderSpec) -> str:
    return _options.choice(spec, "backend", BACKENDS, "torch")
