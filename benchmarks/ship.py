"""Put a measured registry's figures and metamodels into the package, its card into the documents.

    python benchmarks/ship.py REGISTRY --metamodels
    python benchmarks/ship.py REGISTRY --figures

The first fits ``charz/metamodels/shipped/`` anew, without the quickstart's corpora and the encoder
that it predicts for, so that its question is new to them. The second writes ``charz/reference/``
and the card in ``docs/reference.md``. Encoders measured from
folders are named as their makers publish them, or else by the folder's last part. Nothing that
ships holds a text.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path, PurePath

import numpy as np
import sqlalchemy as sa

import charz
from charz import paths
from charz.metamodels import _bundle
from charz.schema import Encoder
from charz.steps import _card, figures, fit, predict
from charz.store import Store

MOST = 25e6
"""Bytes that the figures may take."""
PUBLIC = {
    "all-minilm-l6-v2": "sentence-transformers/all-MiniLM-L6-v2",
    "all-mpnet-base-v2": "sentence-transformers/all-mpnet-base-v2",
    "minilm-int8": "sentence-transformers/all-MiniLM-L6-v2-int8",
    "multilingual-e5-small-q4": "intfloat/multilingual-e5-small-q4",
    "paraphrase-minilm-l3-v2": "sentence-transformers/paraphrase-MiniLM-L3-v2",
    "smollm2-135m-instruct-q4": "HuggingFaceTB/SmolLM2-135M-Instruct-q4",
}
"""What the makers of checkpoints call them, by folder."""
UNSEEN: dict[str, tuple[str, ...]] = {
    "without_groups": ("bbc_news", "drug_reviews"),
    "without_lineages": ("wordllama-l2-supercat",),
}
METRICS = ("accuracy", "macro_f1", "log_loss")
PAGE = paths.PACKAGE.parent / "docs" / "reference.md"
FIRST, LAST = "<!-- card -->\n", "<!-- /card -->"


def main() -> None:
    """Export, measure the size, and put the files in their places."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("registry", help="SQLite file or database URL")
    parser.add_argument("--metamodels", action="store_true")
    parser.add_argument("--figures", action="store_true")
    given = parser.parse_args()
    if given.metamodels:
        with charz.open(given.registry) as store:
            _metamodels(store)
    if given.figures:
        _figures(given.registry)


def _metamodels(store: Store) -> None:
    shipped = paths.PACKAGE / "metamodels" / "shipped"
    shipped.mkdir(exist_ok=True)
    for metric in METRICS:
        print(fit.run(store, metric=metric, **UNSEEN))
        bundle = predict.newest(store, metric)
        if bundle is not None:
            np.savez_compressed(shipped / f"{metric}.npz", **_lighter(_bundle.to_arrays(bundle)))


def _lighter(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Keep the forests' numbers in single precision: half the bytes, the same forecasts."""
    forest = (".tree_threshold", ".tree_value")
    return {
        name: array.astype(np.float32) if name.endswith(forest) else array
        for name, array in arrays.items()
    }


def _figures(registry: str) -> None:
    with tempfile.TemporaryDirectory() as folder, charz.open(registry) as store:
        made = Path(folder) / "reference"
        print(figures.export(store, made, public=_public(store)))
        size = sum(path.stat().st_size for path in made.iterdir())
        if size > MOST:
            raise SystemExit(f"the figures take {size / 1e6:.1f} MB, more than {MOST / 1e6:.0f}")
        place = paths.PACKAGE / "reference"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(made, place)
    _show(json.loads((place / figures.CARD).read_text(encoding="utf-8")))
    print(f"{size / 1e6:.1f} MB in {place}")


def _public(store: Store) -> dict[str, str]:
    """Return a public name for every encoder that is named by an absolute folder."""
    names = [
        PurePath(row["name"].removeprefix("st/")) for row in store.rows(sa.select(Encoder.name))
    ]
    return {place.name: place.name for place in names if place.is_absolute()} | PUBLIC


def _show(facts: dict) -> None:
    """Write the card into its document."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(FIRST)
    after = rest.partition(LAST)[2]
    PAGE.write_text(before + FIRST + _card.markdown(facts) + LAST + after, encoding="utf-8")


if __name__ == "__main__":
    main()
