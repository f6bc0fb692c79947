"""The lab's datasets for benchmarks: where they lie, their groups, and smaller copies of them.

The lab is a folder ``shared`` beside the checkout, or ``CHARZ_LAB``: labelled datasets in
``data/NAME/{train,test}.jsonl.gz`` with ``meta.json``.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from itertools import combinations
from pathlib import Path

import numpy as np

from charz.samplers import stratified

SHARED_TEXTS = 0.01
"""Datasets join one group when this share of the smaller one's texts stands in the other."""
LEAST_CHARACTERS = 20
"""Shorter texts ("yes, please") stand everywhere and join nothing."""
_COLUMNS = ("text", "text_pair")
TRANSLATED = (("amazon_counterfactual_de", "amazon_counterfactual_en"),)


def folder() -> Path:
    """Return the lab's folder, or stop with a reason."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    lab = Path(os.environ.get("CHARZ_LAB", beside))
    if not (lab / "data").is_dir():
        sys.exit(f"there is no lab at {lab}: set CHARZ_LAB")
    return lab


def names() -> list[str]:
    """Return the names of the datasets."""
    return sorted(path.parent.name for path in folder().glob("data/*/meta.json"))


def groups() -> dict[str, str]:
    """Return each dataset's group: its connected component under shared texts of any split."""
    texts = {name: _texts(name) for name in names()}
    group = {name: name for name in texts}
    for first, second in combinations(texts, 2):
        smaller = min(len(texts[first]), len(texts[second]))
        shared = len(texts[first] & texts[second]) / max(smaller, 1)
        if shared >= SHARED_TEXTS or (first, second) in TRANSLATED:
            kept, gone = sorted((group[first], group[second]))
            group = {name: kept if label == gone else label for name, label in group.items()}
    return group


def _texts(name: str) -> set[str]:
    """Return the texts of both splits, less case and spacing."""
    found: set[str] = set()
    for path in sorted((folder() / "data" / name).glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        texts = (" ".join(row.get(key, "").lower().split()) for row in rows for key in _COLUMNS)
        found |= {text for text in texts if len(text) >= LEAST_CHARACTERS}
    return found


def smaller(name: str, n_train: int, n_test: int, into: Path) -> Path:
    """Write a stratified sample of a dataset into ``into/name`` and return that folder."""
    source, target = folder() / "data" / name, into / name
    if (target / "meta.json").exists():
        return target
    target.mkdir(parents=True, exist_ok=True)
    for split, size in (("train", n_train), ("test", n_test)):
        with gzip.open(source / f"{split}.jsonl.gz", "rt", encoding="utf-8") as file:
            lines = file.read().splitlines()
        labels = [json.loads(line)["label"] for line in lines]
        classes, codes = np.unique(labels, return_inverse=True)
        rows = stratified.draw(codes, len(classes), 0).rows[:size]
        with gzip.open(target / f"{split}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(lines[row] + "\n" for row in sorted(rows))
    (target / "meta.json").write_text((source / "meta.json").read_text())
    return target
