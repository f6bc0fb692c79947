"""How much encoders differ in what more rows add, and how long a recommendation takes.

    python benchmarks/recommend.py REGISTRY [--train FILE --measure SPEC,SPEC]

REGISTRY is one that ``charz import reference`` filled. Prints, for pairs of training sizes, the
standard deviation between the encoders of a dataset of what the rows add to the mean accuracy, on
the probit scale and per square root of a doubling: `charz.steps._ranking.SPREAD`. With a file, the
CPU and wall seconds of a recommendation over all encoders, the second time: from kept vectors.
"""

from __future__ import annotations

import argparse
import math
import time

import charz
from charz.completion import _scale
from charz.steps import recommend
from charz.warehouse import Warehouse, queryfile

PAIRS = ((16, 32), (16, 64), (32, 128), (64, 256), (64, 512), (16, 512), (256, 512))


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("registry")
    parser.add_argument("--train")
    parser.add_argument("--measure", default="static:wordllama")
    given = parser.parse_args()
    with charz.open(given.registry) as store:
        spread(store)
        if given.train:
            timing(store, given.train, given.measure.split(","))


def spread(store) -> None:
    """Print the spread between encoders for each pair of sizes."""
    with Warehouse(store) as warehouse:
        cells = warehouse.run(queryfile.read("cell"))
    cells = cells[(cells["probe"] == "logistic") & (cells["protocol"] == "curve")]
    means = cells.groupby(["dataset", "encoder", "n_train"])["accuracy"].mean().unstack()
    print("rows         added  spread, median  per sqrt(doubling)  datasets")
    for low, high in PAIRS:
        both = means[[low, high]].dropna()
        added = both[high].map(_scale.to_scale) - both[low].map(_scale.to_scale)
        spreads = added.astype(float).groupby("dataset").std().dropna()
        median, doublings = spreads.median(), math.log2(high / low)
        print(f"{low:>3} to {high:<4} {float(added.mean()):8.3f} {median:15.3f} "
              f"{median / math.sqrt(doublings):19.3f} {len(spreads):9}")  # fmt: skip


def timing(store, train: str, measure: list[str]) -> None:
    """Print the seconds of a recommendation, first and again."""
    for what in ("first", "again"):
        start, cpu = time.monotonic(), time.process_time()
        found = recommend.recommend(store, train=train, measure=measure)
        print(f"{what}: {found.n_kept} encoders, {time.process_time() - cpu:.1f} s of CPU, "
              f"{time.monotonic() - start:.1f} s")  # fmt: skip


if __name__ == "__main__":
    main()
