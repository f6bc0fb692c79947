"""Put the figures of a measured registry into the package, and their card into the documents.

    python benchmarks/ship.py REGISTRY

Writes ``charz/reference/`` anew and the card in ``docs/reference.md``. Encoders measured from
folders are named as their makers publish them, or else by the folder's last part. Nothing that
ships holds a text.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path, PurePath

import sqlalchemy as sa

import charz
from charz import paths
from charz.schema import Encoder
from charz.steps import _card, figures
from charz.store import Store

MOST = 25e6
"""Bytes that the figures may take."""
PUBLIC = {
    "all-minilm-l6-v2": "sentence-transformers/all-MiniLM-L6-v2",
    "all-mpnet-base-v2": "sentence-transformers/all-mpnet-base-v2",
    "paraphrase-minilm-l3-v2": "sentence-transformers/paraphrase-MiniLM-L3-v2",
}
"""What the makers of checkpoints call them, by folder."""
PAGE = paths.PACKAGE.parent / "docs" / "reference.md"
FIRST, LAST = "<!-- card -->\n", "<!-- /card -->"


def main() -> None:
    """Export, measure the size, and put the files in their places."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("registry", help="SQLite file or database URL")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, charz.open(given.registry) as store:
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
