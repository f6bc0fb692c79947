"""A tiny world of texts: five datasets, three encoders without weights, three protocols.

Two label families. ``films`` and ``clips`` are of one group; ``books`` spells a third class
and ``films`` sorts its classes otherwise. The datasets of the other family are text pairs.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from charz.steps import ingest, subset
from charz.store import Store

COMMON = ("the", "of", "to", "in", "and", "for", "with", "new", "today", "two", "last", "more")
WORDS = {
    "good": ("great", "fine", "lovely", "superb", "bright", "warm"),
    "bad": ("poor", "dull", "awful", "weak", "boring", "cold"),
    "average": ("plain", "usual", "fair", "medium", "common", "so-so"),
}
FACTS: dict[str, dict[str, str]] = {
    "books": {"label_family": "opinion"},
    "films": {"label_family": "opinion", "group": "screen"},
    "clips": {"label_family": "opinion", "group": "screen"},
    "news-pairs": {"label_family": "same"},
    "chat-pairs": {"label_family": "same"},
}
CLASSES = {"books": ("bad", "average", "good"), "films": ("good", "bad"), "clips": ("bad", "good")}
ENCODERS = ("tfidf:?dims=16", "random:hash?dims=32")

Row = dict[str, str]


def rows(name: str, n: int, seed: int) -> list[Row]:
    """Return labelled rows of a dataset."""
    chance = random.Random(f"{name}-{seed}")
    make = _pair if name.endswith("-pairs") else _single
    return [make(chance, name, i) for i in range(n)]


def _single(chance: random.Random, name: str, i: int) -> Row:
    classes = CLASSES[name]
    label = classes[i % len(classes)]
    return {"text": _text(chance, name, label), "label": label}


def _pair(chance: random.Random, name: str, i: int) -> Row:
    first, second = (("good", "good"), ("good", "bad"))[i % 2]
    label = "same" if first == second else "other"
    texts = {"text": _text(chance, name, first), "text_pair": _text(chance, name, second)}
    return texts | {"label": label}


def _text(chance: random.Random, name: str, label: str) -> str:
    words = [*chance.choices(COMMON, k=4), name[:2] + chance.choice(COMMON)]
    return " ".join(words + chance.choices(WORDS[label], k=2))


def write(path: Path, table: list[Row]) -> Path:
    """Write rows as CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    return path


def datasets(folder: Path, n_train: int = 45, n_test: int = 24) -> dict[str, Path]:
    """Write every dataset as a folder with both splits."""
    for name in FACTS:
        write(folder / name / "train.csv", rows(name, n_train, 0))
        write(folder / name / "test.csv", rows(name, n_test, 1))
    return {name: folder / name for name in FACTS}


def array(path: Path, folders: dict[str, Path]) -> str:
    """Write vectors of all texts, and return the spec of that encoder."""
    texts = set()
    for folder in folders.values():
        for file in folder.glob("*.csv"):
            with file.open(newline="", encoding="utf-8") as lines:
                for row in csv.DictReader(lines):
                    texts |= {value for key, value in row.items() if key.startswith("text")}
    every = sorted(texts)
    X = np.random.default_rng(0).normal(size=(len(every), 8)).astype(np.float32)
    X[:, 0] += [sum(word in WORDS["good"] for word in text.split()) for text in every]
    np.savez(path, embeddings=X, texts=np.array(every))
    return f"array:{path}"


def fill(
    store: Store, folder: Path, names: tuple[str, ...] = tuple(FACTS), **sizes: int
) -> list[str]:
    """Ingest datasets and encoders and declare the protocols; return the specs."""
    folders = datasets(folder, **sizes)
    for name in names:
        facts: dict[str, Any] = FACTS[name]
        ingest.dataset(store, str(folders[name]), **facts)
    specs = [*ENCODERS, array(folder / "vectors.npz", folders)]
    found = [row["spec"] for spec in specs for row in ingest.encoder(store, spec)]
    declare(store)
    return found


def declare(store: Store) -> None:
    """Declare the three protocols."""
    subset.protocol(store, sizes=[8, 16], n_seeds=2, probes=["logistic", "majority"])
    noise = {"rate": 0.25}
    once: dict[str, Any] = {"sizes": [16], "n_seeds": 1, "probes": ["logistic", "centroid"]}
    subset.protocol(store, "noisy", sampler="label_noise", parameters=noise, **once)
    subset.protocol(store, "shift", sampler="shifted", **once)


_NAME = """
    (SELECT p.name || '/' || d.name || '/' || l.name || '/' || {0}.role || '/' || {0}.n_rows
            || '/' || {0}.seed
     FROM protocol AS p, split AS t, dataset AS d, dataset AS l
     WHERE p.id = {0}.protocol_id AND t.id = {0}.split_id AND d.id = t.dataset_id
       AND l.id = {0}.labels_of_id)"""
_S, _U = _NAME.format("s"), _NAME.format("u")
_TABLES = {
    "subset": f"""
        SELECT {_S} AS subset, {_U} AS parent, s.members_hash
        FROM subset AS s LEFT JOIN subset AS u ON u.id = s.parent_id""",
    "embedding": """
        SELECT e.spec, d.name, t.name AS split, b.name AS basis, v.vectors_hash
        FROM embedding AS v JOIN encoder AS e ON e.id = v.encoder_id
        JOIN split AS t ON t.id = v.split_id JOIN dataset AS d ON d.id = t.dataset_id
        JOIN dataset AS b ON b.id = v.basis_id""",
    "result": f"""
        SELECT e.spec, {_S} AS train, {_U} AS eval, p.spec AS probe,
               r.*
        FROM result AS r JOIN encoder AS e ON e.id = r.encoder_id
        JOIN subset AS s ON s.id = r.train_subset_id JOIN subset AS u ON u.id = r.eval_subset_id
        JOIN probe AS p ON p.id = r.probe_id""",
    "feature_value": f"""
        SELECT e.spec, {_S} AS train, {_U} AS eval, f.name, v.value
        FROM feature_value AS v JOIN encoder AS e ON e.id = v.encoder_id
        JOIN subset AS s ON s.id = v.train_subset_id JOIN subset AS u ON u.id = v.eval_subset_id
        JOIN feature AS f ON f.id = v.feature_id""",
    "metamodel": "SELECT item, metric, training_fingerprint, n_rows, arrays_hash FROM metamodel",
    "failure": "SELECT step, unit, message FROM failure",
}


def contents(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Return what was made, row by row, in names: nothing of ids, runs and seconds."""
    found = {}
    for table, query in _TABLES.items():
        rows = [dict(row) for row in store.rows(sa.text(query))]
        kept = [
            tuple(value for name, value in row.items() if not name.endswith(("_id", "_seconds")))
            for row in rows
        ]
        found[table] = sorted(kept, key=repr)
    return found
