"""Where the time of `charz probe` goes, on many datasets under all layers of a checkpoint.

    python benchmarks/probe_step.py FOLDER --checkpoint MINILM [--n-datasets 20] [--seeds 5]

Ingests, draws and embeds what is missing in ``FOLDER``, then measures the pending cells of the
``logistic`` probe and prints the CPU time of the step, what of it each draw's fit took (its
``fit_seconds``: coordinates, solver, proofs, predictions of the eval rows), and the rest: reading
arrays, metrics, writing rows. Run it again with another ``FOLDER``, or with more sizes.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import lab

import charz
from charz.cli import _progress
from charz.steps import embed, ingest, probe, subset
from charz.store import Store

FITS = """
select sum(seconds) as seconds, count(*) as draws from (
    select max(fit_seconds) as seconds from result
    group by encoder_id, train_subset_id, probe_id)
"""


def main() -> None:
    """Run the recipe."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--n-datasets", type=int, default=20)
    parser.add_argument("--sizes", nargs="+", type=int, default=[16 << power for power in range(8)])
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    charz.probe_grid([[0.0], [1.0]], [0, 1], [[0.0]], [0], cv=2)  # compile, where never done
    with (
        charz.open(str(given.folder / "probes.db"), create=True) as store,
        store.run("benchmarks/probe_step", {"sizes": given.sizes}),
    ):
        _prepare(store, given)
        _measure(store)


def _prepare(store: Store, given: argparse.Namespace) -> None:
    names = shortest(given.n_datasets)
    for name in names:
        if store.row("dataset", name=name) is None:
            path = lab.smaller(name, max(given.sizes), 500, given.folder / "data")
            ingest.dataset(store, str(path))
    ingest.encoder(store, f"st:{given.checkpoint}?layer=all")
    subset.protocol(store, sizes=given.sizes, n_seeds=given.seeds, probes=["logistic"])
    with _progress.shown() as progress:
        subset.run(store, progress=progress)
        embed.run(store, progress=progress)


def shortest(n: int) -> list[str]:
    """Return the datasets of single texts with the shortest ones that have rows enough."""
    lengths = {}
    for name in lab.names():
        facts = json.loads((lab.folder() / "data" / name / "meta.json").read_text())
        if facts["rows"]["train"] >= 2500 and not facts["pair"]:
            lengths[name] = facts["median_words"]
    return sorted(lengths, key=lambda name: lengths[name])[:n]


def _measure(store: Store) -> None:
    start, before = time.process_time(), fits(store)
    with _progress.shown() as progress:
        summary = probe.run(store, progress=progress)
    total, after = time.process_time() - start, fits(store)
    spent, draws = after[0] - before[0], after[1] - before[1]
    if not summary.done:
        print("nothing was pending: name another folder")
        return
    print(
        f"{summary.done} results of {draws} draws: {total:.1f} CPU s, of which fits {spent:.1f} s "
        f"({spent / total:.0%}), all else {1e3 * (total - spent) / draws:.2f} ms a draw"
    )


def fits(store: Store) -> tuple[float, int]:
    """Return CPU seconds of all fits so far, and how many draws they were."""
    import sqlalchemy as sa

    (row,) = store.rows(sa.text(FITS))
    return float(row["seconds"] or 0), int(row["draws"])


if __name__ == "__main__":
    main()
