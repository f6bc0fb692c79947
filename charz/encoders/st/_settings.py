"""A spec's options, settled against what its checkpoint offers."""

from __future__ import annotations

from dataclasses import dataclass

from charz.encoders import _options
from charz.encoders.st._folder import POOLINGS, Folder
from charz.errors import InputError
from charz.records import EncoderSpec

BACKENDS = ("torch", "onnx", "openvino")
DTYPES = ("float32", "bfloat16")


@dataclass(frozen=True)
class Settings:
    """What one spec asks of the pass.

    ``is_own`` marks a pipeline that layer and pooling alone do not describe: the
    checkpoint's own modules are run then.
    """

    layer: int
    pooling: str
    is_own: bool
    n_dims: int
    normalize: bool
    prompt: str
    max_tokens: int | None
    pools_prompt: bool


def settle(spec: EncoderSpec, held: Folder) -> Settings:
    """Return the settings of a spec.

    Raises
    ------
    InputError
        When an option is out of the checkpoint's range.
    """
    own = "+".join(held.poolings)
    is_default = not {"layer", "pooling"} & set(spec.settings)
    is_own = is_default and not held.pools_plainly
    layer = _options.whole(spec, "layer", held.n_layers, low=0, high=held.n_layers)
    pooling = own if is_own else _pooling(spec, own)
    is_as_trained = is_own or (held.is_plain and (layer, pooling) == (held.n_layers, own))
    backend = _options.choice(spec, "backend", BACKENDS, "torch")
    if backend != "torch" and layer != held.n_layers:
        raise InputError(
            f"'{spec}' asks for layer {layer}, which {backend} does not give", "use backend=torch"
        )
    if dtype(spec) != DTYPES[0] and backend != "torch":
        raise InputError(
            f"'{spec}' asks for {dtype(spec)}, which {backend} does not give", "use backend=torch"
        )
    return Settings(
        layer=layer,
        pooling=pooling,
        is_own=is_own,
        n_dims=_options.dims(spec, held.own_width if is_own else held.width),
        normalize=_options.boolean(spec, "normalize", is_as_trained and held.normalizes),
        prompt=spec.settings.get("prompt", held.default_prompt),
        max_tokens=_max_tokens(spec, held),
        pools_prompt=held.reads_prompt,
    )


def dtype(spec: EncoderSpec) -> str:
    """Return what the network of a spec computes in."""
    return _options.choice(spec, "dtype", DTYPES, DTYPES[0])


def _pooling(spec: EncoderSpec, own: str) -> str:
    return _options.choice(spec, "pooling", POOLINGS, own if own in POOLINGS else "mean")


def _max_tokens(spec: EncoderSpec, held: Folder) -> int | None:
    return _options.integer(spec, "max_tokens", held.max_tokens, low=3, high=held.most_tokens)
