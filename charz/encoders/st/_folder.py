"""What the files of a checkpoint say: its modules, sizes, weights and tokeniser."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from charz.encoders._files import fingerprint, n_elements, read_json, read_object, tensors
from charz.errors import InputError
from charz.records import EncoderSpec

_WIDTHS = ("hidden_size", "d_model", "dim", "n_embd")
_DEPTHS = ("num_hidden_layers", "num_layers", "n_layer", "n_layers", "encoder_layers")
_TAIL = ("Dense", "Dropout", "LayerNorm", "Normalize", "Pooling")
_TOKENIZER = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.txt", "vocab.json", "merges.txt", "*.model", "*.bpe",
)  # fmt: skip
_SETTINGS = ("modules.json", "sentence_*_config.json", "config_sentence_transformers.json")
POOLINGS = ("mean", "cls", "last", "max")
_POOLINGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "last",
}
_HEADS = re.compile(r"(cls|lm_head|classifier|qa_outputs|score|vocab_\w+)\.|.*position_ids$")
_OFFSET = ("roberta", "xlm-roberta", "camembert", "mpnet", "longformer", "xlm-roberta-xl")


@dataclass(frozen=True)
class Module:
    """One line of ``modules.json``."""

    kind: str
    place: Path
    config: Mapping[str, Any]


@dataclass(frozen=True)
class Folder:
    """A checkpoint on disk. ``config`` is the transformer's, nested text configs merged in."""

    root: Path
    transformer: Path
    config: Mapping[str, Any]
    tail: tuple[Module, ...]
    width: int
    n_layers: int
    max_tokens: int | None
    most_tokens: int | None
    default_prompt: str

    @property
    def poolings(self) -> tuple[str, ...]:
        """The pooling modes of the checkpoint's own pipeline; mean where it has no module."""
        for module in self.tail:
            if module.kind == "Pooling":
                return _pooling(module.config)
        return ("mean",)

    @property
    def reads_prompt(self) -> bool:
        """Whether pooling counts the prompt's tokens."""
        return all(module.config.get("include_prompt", True) for module in self.tail)

    @property
    def is_plain(self) -> bool:
        """Whether nothing but pooling and normalisation follows the transformer."""
        return not {module.kind for module in self.tail} & {"Dense", "LayerNorm"}

    @property
    def pools_plainly(self) -> bool:
        """Whether the pipeline is one of the four poolings, perhaps normalised."""
        return self.is_plain and len(self.poolings) == 1 and self.poolings[0] in POOLINGS

    @property
    def normalizes(self) -> bool:
        """Whether the pipeline ends in unit length."""
        return bool(self.tail) and self.tail[-1].kind == "Normalize"

    @property
    def own_width(self) -> int:
        """Dimensions of the checkpoint's own output."""
        width = self.width * len(self.poolings)
        for module in self.tail:
            if module.kind == "Dense":
                width = _integer(module.config, ("out_features",), module.place)
        return width

    def weights(self) -> list[Path]:
        """Return the files of weights that would be loaded, safetensors before pickles."""
        places = [self.transformer, *(m.place for m in self.tail if m.kind in _TAIL[:3])]
        found: list[Path] = []
        for place in dict.fromkeys(places):
            safe = sorted(place.glob("*.safetensors"))
            found += safe or sorted(place.glob("pytorch_model*.bin"))
        return found

    def network(self, backend: str) -> Path | None:
        """Return the network in the format of ``onnx`` or ``openvino``, where there is one."""
        name = {"onnx": "model.onnx", "openvino": "openvino_model.xml"}.get(backend)
        if name is None:
            return None
        places = (self.transformer / backend, self.root / backend, self.transformer)
        return next((place / name for place in places if (place / name).is_file()), None)

    def n_parameters(self) -> int | None:
        """Return the number of weights less task heads, where safetensors tell it."""
        files = self.weights()
        if any(path.suffix != ".safetensors" for path in files):
            return None
        kept = (
            shape
            for path in files
            for name, shape in tensors(path).items()
            if not _HEADS.match(name)
        )
        return n_elements(kept)

    def fingerprint(self, backend: str = "torch") -> str:
        """Return a hash of weights, configuration and tokeniser: of files, never of a model."""
        files = set(self.weights())
        network = self.network(backend)
        if network:  # and the weights beside it: model.onnx_data, openvino_model.bin
            files.update(network.parent.glob(f"{network.stem}.*"))
        for place in {self.root, self.transformer}:
            for pattern in ("config.json", *_TOKENIZER, *_SETTINGS):
                files.update(place.glob(pattern))
        files.update(m.place / "config.json" for m in self.tail)
        return fingerprint(self.root, (path for path in files if path.is_file()))


def read(spec: EncoderSpec, root: Path) -> Folder:
    """Read and check a checkpoint's folder.

    Raises
    ------
    InputError
        When it is no transformer, wants code of its own, lacks weights, or a file is damaged.
    """
    first, tail = _modules(spec, root)
    if not (first / "config.json").is_file():
        raise InputError(f"'{spec}' has no config.json in '{first}'", "name a model's folder")
    config = read_object(first / "config.json")
    if "auto_map" in config and "model_type" not in config:
        raise InputError(f"'{spec}' needs code of its own", "charz runs no code from checkpoints")
    nested = config.get("text_config")
    config = {**config, **nested} if isinstance(nested, dict) else config
    most = _most_tokens(config)
    held = Folder(
        root=root,
        transformer=first,
        config=config,
        tail=tail,
        width=_integer(config, _WIDTHS, first),
        n_layers=_integer(config, _DEPTHS, first),
        max_tokens=_max_tokens(first, config),
        most_tokens=most,
        default_prompt=_default_prompt(root),
    )
    _check_weights(spec, held)
    return held


def _modules(spec: EncoderSpec, root: Path) -> tuple[Path, tuple[Module, ...]]:
    """Return the transformer's folder and the modules after it."""
    if not (root / "modules.json").is_file():
        return root, ()
    lines = read_json(root / "modules.json")
    try:
        named = [(str(line["type"]), str(line["path"])) for line in lines]
    except (TypeError, KeyError) as error:
        raise InputError(f"'{spec}' has an odd modules.json", "fetch it again") from error
    for kind, place in named:
        if not kind.startswith("sentence_transformers.") or ".." in PurePosixPath(place).parts:
            raise InputError(
                f"'{spec}' wants the module '{kind}' at '{place}'",
                "charz runs no code from checkpoints",
            )
    kinds = [kind.rpartition(".")[2] for kind, _ in named]
    if kinds[:1] != ["Transformer"] or not set(kinds[1:]) <= set(_TAIL):
        remedy = "write static:" if "StaticEmbedding" in kinds else "choose a text transformer"
        raise InputError(f"'{spec}' has the modules {', '.join(kinds)}", remedy)
    places = [root / place for _, place in named]
    tail = (
        Module(k, p, read_object(p / "config.json")) for k, p in zip(kinds, places, strict=True)
    )
    return places[0], tuple(tail)[1:]


def _pooling(config: Mapping[str, Any]) -> tuple[str, ...]:
    stated = config.get("pooling_mode")
    if stated:
        modes = [stated] if isinstance(stated, str) else list(map(str, stated))
        return tuple("last" if mode == "lasttoken" else mode for mode in modes)
    return tuple(mode for key, mode in _POOLINGS.items() if config.get(key)) or ("mean",)


def _integer(config: Mapping[str, Any], names: tuple[str, ...], place: Path) -> int:
    for name in names:
        value = config.get(name)
        if isinstance(value, int) and 0 < value < 10**6:
            return value
    raise InputError(
        f"'{place / 'config.json'}' has no {names[0]}", "name a transformers checkpoint"
    )


def _most_tokens(config: Mapping[str, Any]) -> int | None:
    """Return how many positions the network has; RoBERTa's kin keep some for padding."""
    most = config.get("max_position_embeddings")
    if not isinstance(most, int) or most < 1:
        return None
    padding = config.get("pad_token_id")
    is_offset = config.get("model_type") in _OFFSET and isinstance(padding, int)
    return most - padding - 1 if is_offset and isinstance(padding, int) else most


def _max_tokens(place: Path, config: Mapping[str, Any]) -> int | None:
    """Return the truncation that sentence-transformers would apply."""
    for path in sorted(place.glob("sentence_*_config.json")):
        stated = read_object(path).get("max_seq_length")
        if isinstance(stated, int):
            return stated
    limits = (
        read_object(place / "tokenizer_config.json").get("model_max_length"),
        _most_tokens(config),
    )
    known = [int(limit) for limit in limits if isinstance(limit, int | float) and 0 < limit < 1e9]
    return min(known, default=None)


def _default_prompt(root: Path) -> str:
    settings = read_object(root / "config_sentence_transformers.json")
    prompts, name = settings.get("prompts"), settings.get("default_prompt_name")
    prompt = prompts.get(name) if isinstance(prompts, dict) and name else None
    return prompt if isinstance(prompt, str) else ""


def _check_weights(spec: EncoderSpec, held: Folder) -> None:
    found = held.weights()
    is_there = any(path.parent == held.transformer for path in found)
    if not is_there and not held.network(spec.settings.get("backend", "torch")):
        raise InputError(
            f"'{spec}' has no weights in '{held.transformer}'",
            "it needs model.safetensors (or pytorch_model.bin of plain tensors)",
        )
    for path in found:
        if path.suffix == ".safetensors":
            tensors(path)
