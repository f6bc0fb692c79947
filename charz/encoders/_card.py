"""Model cards and lineages: which base model a checkpoint comes from, and its licence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

_LONGEST_CARD = 200_000
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_LOCAL = ("checkpoint", "output", "outputs", "results", "runs", "tmp", "model", "models")

ANCESTORS = {
    "all-distilroberta-v1": "distilroberta-base",
    "all-minilm-l12-v1": "minilm-l12-h384-uncased",
    "all-minilm-l12-v2": "minilm-l12-h384-uncased",
    "all-minilm-l6-v1": "minilm-l12-h384-uncased",
    "all-minilm-l6-v2": "minilm-l12-h384-uncased",
    "all-mpnet-base-v1": "mpnet-base",
    "all-mpnet-base-v2": "mpnet-base",
    "minilm-l3-h384-uncased": "minilm-l12-h384-uncased",
    "minilm-l6-h384-uncased": "minilm-l12-h384-uncased",
    "multi-qa-minilm-l6-cos-v1": "minilm-l12-h384-uncased",
    "multi-qa-mpnet-base-dot-v1": "mpnet-base",
    "multilingual-e5-base": "xlm-roberta-base",
    "multilingual-e5-large": "xlm-roberta-large",
    "multilingual-e5-small": "multilingual-minilm-l12-h384",
    "paraphrase-minilm-l3-v2": "minilm-l12-h384-uncased",
    "paraphrase-minilm-l6-v2": "minilm-l12-h384-uncased",
    "paraphrase-minilm-l12-v2": "minilm-l12-h384-uncased",
    "paraphrase-multilingual-mpnet-base-v2": "xlm-roberta-base",
    "paraphrase-multilingual-minilm-l12-v2": "multilingual-minilm-l12-h384",
}
"""Base models of well-known encoders, as their model cards name them, so that what was
fine-tuned from such an encoder shares its lineage."""


@dataclass(frozen=True)
class Card:
    """The two fields of a model card that charz keeps."""

    base_model: str | None = None
    license: str | None = None


def read_card(folder: Path) -> Card:
    """Return what ``README.md`` of a folder says; an absent or odd card says nothing.

    Only single values of the front matter are understood, which is how cards write them.
    """
    try:
        with (folder / "README.md").open(encoding="utf-8", errors="replace") as file:
            text = file.read(_LONGEST_CARD)
    except OSError:
        return Card()
    match = re.match(r"---\r?\n(.*?)\r?\n---", text, flags=re.DOTALL)
    front = match[1] if match else ""
    return Card(_value(front, "base_model"), _value(front, "license"))


def _value(front: str, key: str) -> str | None:
    match = re.search(rf"^{key}:[ \t]*(?:\r?\n[ \t]*-[ \t]*)?(\S[^\r\n]*)$", front, re.MULTILINE)
    value = match[1].strip().strip("'\"[]") if match else ""
    return value or None


def lineage(name: str, card: Card, config: Mapping[str, Any]) -> str:
    """Return the base model that a checkpoint's twins share, lower-case and without its owner.

    The model card's ``base_model`` comes first, then the config's ``_name_or_path``, then
    the checkpoint's own name; then the base of that, where it is well known.

    >>> lineage("org/mine", Card("sentence-transformers/all-MiniLM-L6-v2"), {})
    'minilm-l12-h384-uncased'
    >>> lineage("./mine", Card(), {"_name_or_path": "microsoft/mpnet-base"})
    'mpnet-base'
    >>> lineage("/data/mine/", Card(), {"_name_or_path": "/home/me/checkpoint-500"})
    'mine'
    """
    stated = config.get("_name_or_path") or config.get("base_model")
    for text in (card.base_model, stated):
        found = _model_name(text)
        if found:
            break
    else:
        found = PurePosixPath(name).name.lower()
    seen = set()
    while found in ANCESTORS and found not in seen:
        seen.add(found)
        found = ANCESTORS[found]
    return found or "unknown"


def _model_name(text: Any) -> str | None:
    """Return the last part of a model's name, or None where ``text`` is a path or nothing."""
    if not isinstance(text, str):
        return None
    words = text.split(" (")[0].strip()
    if not _NAME.fullmatch(words) or words.split("/")[0].lower().startswith(_LOCAL):
        return None
    return words.rsplit("/")[-1].lower()
