"""One text, many specs: ``layer=0..6``, ``layer=all``, ``pooling=mean,cls``.

Lists are separated by commas and ranges written ``low..high`` with both ends; ``layer=all``
asks the checkpoint how many layers it has. A prompt is never split.
"""

from __future__ import annotations

import itertools
import re
from types import ModuleType

from charz import shelf
from charz.encoders import _options
from charz.errors import InputError
from charz.records import EncoderSpec

_LISTS = ("analyzer", "dims", "layer", "max_tokens", "normalize", "pair", "pooling", "seed")
_RANGES = ("layer", "seed")
_RANGE = re.compile(r"(\d{1,6})\.\.(\d{1,6})")
_MOST = 1000


def expand(text: str) -> list[EncoderSpec]:
    """Return the specs that ``text`` stands for, in the order written, without repeats.

    Raises
    ------
    InputError
        When a range is empty, a list has an empty part, or there are over 1000 specs.

    Examples
    --------
    >>> [str(spec) for spec in expand("tfidf:?dims=64,128")]
    ['tfidf:?dims=64', 'tfidf:?dims=128']
    """
    spec = EncoderSpec.parse(text)
    kind = shelf.load("encoders", spec.kind)
    _options.check(spec.replace(pair=None), kind.OPTIONS)
    choices = [[(name, value) for value in _values(spec, name, kind)] for name in spec.settings]
    size = 1
    for values in choices:
        size *= len(values)
    if size > _MOST:
        raise InputError(f"'{text}' stands for {size} encoders", f"ask for at most {_MOST}")
    canonical = getattr(kind, "canonical", lambda spec: spec)
    found = (spec.replace(**dict(combination)) for combination in itertools.product(*choices))
    return list(dict.fromkeys(canonical(each) for each in found))


def _values(spec: EncoderSpec, name: str, kind: ModuleType) -> list[str]:
    text = spec.settings[name]
    if name not in _LISTS:
        return [text]
    if name == "layer" and text == "all":
        return [str(layer) for layer in range(_n_layers(spec, kind) + 1)]
    parts = text.split(",")
    if "" in parts:
        raise InputError(f"'{spec}' has an empty part in {name}='{text}'", "write a,b,c")
    return [value for part in parts for value in _range(spec, name, part)]


def _range(spec: EncoderSpec, name: str, part: str) -> list[str]:
    match = _RANGE.fullmatch(part) if name in _RANGES else None
    if match is None:
        return [part]
    low, high = int(match[1]), int(match[2])
    if low > high or high - low >= _MOST:
        raise InputError(
            f"'{spec}' has the range {name}={part}", f"write low..high, at most {_MOST} long"
        )
    return [str(value) for value in range(low, high + 1)]


def _n_layers(spec: EncoderSpec, kind: ModuleType) -> int:
    plain = EncoderSpec(spec.kind, spec.name, spec.revision)
    n_layers: int | None = kind.describe(plain).n_layers
    if n_layers is None:
        raise InputError(f"'{spec}' has no layers", "drop layer=all")
    return n_layers
