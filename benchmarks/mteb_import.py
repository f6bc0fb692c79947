"""Time and memory of reading MTEB's results into a new registry, and of reading them again.

    python benchmarks/mteb_import.py RECORD [--registry URL]

RECORD is a folder that ``charz ingest results mteb`` takes. Prints what was written and left out,
seconds, and the largest memory of the process.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import charz
from charz.steps import published
from charz.warehouse.record import public_record


def main() -> None:
    """Read, read again, and ask for the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("record", type=Path)
    parser.add_argument("--registry", help="an empty one; default: SQLite in a folder that goes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.registry or f"sqlite:///{folder}/charz.db"
        with charz.open(url, create=True) as store:
            for what in ("first", "again"):
                start = time.monotonic()
                with store.run("ingest results", {}):
                    done = published.mteb(store, given.record)
                print(f"{what}: {done.done:,} rows, {time.monotonic() - start:.1f} s, {_memory()}")
                print(*(f"  {note:.160}" for note in done.notes), sep="\n")
            start = time.monotonic()
            record = public_record(store)
            print(f"tables: {len(record.cells):,} cells, {time.monotonic() - start:.1f} s")


def _memory() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB"


if __name__ == "__main__":
    main()
