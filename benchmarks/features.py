"""What the features of a sample cost beside its cross-validated probe: CPU time of one thread.

    python benchmarks/features.py [FOLDER] [--quick] [--each]

Of every sample (n labelled rows, 500 eval rows) the least of a few runs: what the shared parts
cost, asked for first and in this order; what all features then cost that need no fitted probe;
and the whole beside ``charz.probes.logistic.predict``, 6 C x (the full sample + 5 folds) = 36 fits
of the same rows. ``--each`` adds the cost of every feature as it comes, in the order of the shelf,
where whoever asks first pays for what is shared. ``FOLDER`` has vectors as `benchmarks/vectors.py`
makes them; without it, synthetic rows have the decaying spectrum of embeddings.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from clock import machine

N_EVAL = 500
SIZES = (64, 128, 256, 512, 1024, 2048, 4096)
SHARED = {
    "factor": ("centered", "unit", "factor"),
    "spectrum": ("values",),
    "leverages": ("turned_labels", "turned_rows", "left"),
    "train near": ("points", "near", "among"),
    "eval near": ("eval_points", "eval_near", "eval_gram"),
}
"""The parts that features share, as attributes of a sample."""

Case = tuple[str, np.ndarray, np.ndarray]


def synthetic() -> Case:
    """Return normalised rows around class means, with a spectrum decaying like j**-0.6."""
    rng = np.random.default_rng(0)
    n, d, k = max(SIZES) + N_EVAL, 384, 6
    axes = np.arange(1, d + 1) ** -0.6
    y = rng.integers(0, k, n)
    X = (rng.normal(size=(k, d))[y] + 1.5 * rng.normal(size=(n, d))) * axes
    X += rng.normal(size=d) / 2
    return "synthetic", (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32), y


def cases(folder: Path | None) -> Iterator[Case]:
    """Yield name, rows and labels, shuffled: from a folder of vectors, else synthetic."""
    paths = sorted(folder.glob("*.npz")) if folder else []
    for path in paths:
        with np.load(path, allow_pickle=False) as arrays:
            X, y = arrays["X"], arrays["y"]
        order = np.random.default_rng(0).permutation(len(y))
        yield path.stem, X[order], np.unique(y[order], return_inverse=True)[1]
    if not paths:
        yield synthetic()


def sample(case: Case, n: int) -> object:
    """Return a sample of the first n rows, with the last rows for eval."""
    from charz.sample import Sample

    _, X, y = case
    return Sample(X[:n], y[:n], X[-N_EVAL:], int(y.max()) + 1)


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of a piece of work."""
    start = time.process_time()
    work()
    return time.process_time() - start


def closed_forms(case: Case) -> dict[str, Callable[[object], object]]:
    """Return the features, in the order of the shelf, that leave the probe unfitted."""
    from charz import shelf

    found = {}
    for name, item in shelf.items("features").items():
        asked = sample(case, 32)
        item.compute(asked)
        if "head" not in vars(asked):
            found[name] = item.compute
    return found


def cold(case: Case, n: int, features: dict[str, Callable[[object], object]]) -> dict[str, float]:
    """Return the CPU seconds of making a sample and of every feature, each in its turn."""
    made: list[object] = []
    costs = {"(sample)": seconds(lambda: made.append(sample(case, n)))}
    for name, compute in features.items():
        costs[name] = seconds(partial(compute, made[0]))
    return costs


def shared(case: Case, n: int) -> dict[str, float]:
    """Return the CPU seconds of the parts that features share."""
    asked = sample(case, n)

    def ask(names: tuple[str, ...]) -> None:
        for name in names:
            getattr(asked.factor if name == "values" else asked, name)  # type: ignore[attr-defined]

    return {part: seconds(partial(ask, names)) for part, names in SHARED.items()}


def probe(case: Case, n: int) -> float:
    """Return the CPU seconds of the probe with its cross-validation."""
    from charz.probes import logistic
    from charz.records import Draw

    _, X, y = case
    draw = Draw(np.arange(n), y[:n])
    return seconds(lambda: list(logistic.predict(X[:n], [draw], [X[-N_EVAL:]], int(y.max()) + 1)))


def least(work: Callable[[], dict[str, float]], repeats: int) -> dict[str, float]:
    """Return, of a few runs, the one that cost least in all."""
    return min((work() for _ in range(repeats)), key=lambda costs: sum(costs.values()))


def show(case: Case, sizes: tuple[int, ...], each: bool) -> None:
    """Print a line per size of one task."""
    name, X, y = case
    print(f"\n{name}: d = {X.shape[1]}, K = {int(y.max()) + 1}, {N_EVAL} eval rows; CPU ms")
    print(f"{'n':>6}" + "".join(f"{part:>12}" for part in SHARED)
          + f"{'closed forms':>14}{'probe':>10}{'ratio':>8}")  # fmt: skip
    features = closed_forms(case)
    for n in (size for size in sizes if size + N_EVAL <= len(y)):
        repeats = 15 if n <= 512 else 5
        costs = least(partial(cold, case, n, features), repeats)
        parts = least(partial(shared, case, n), repeats)
        total = sum(costs.values())
        fits = min(probe(case, n) for _ in range(3 if n <= 1024 else 2))
        columns = "".join(f"{1e3 * cost:12.2f}" for cost in parts.values())
        print(f"{n:6}{columns}{1e3 * total:14.2f}{1e3 * fits:10.1f}{total / fits:8.2f}", flush=True)
        if each:
            dear = sorted(costs.items(), key=lambda pair: -pair[1])
            print("       " + ", ".join(f"{one} {1e3 * cost:.2f}" for one, cost in dear))


def main() -> None:
    """Print one table per task."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="of vectors")
    parser.add_argument("--quick", action="store_true", help="up to 256 rows")
    parser.add_argument("--each", action="store_true", help="every feature's own cost too")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    # The first touch of fresh memory is dear. Once much was freed, as in any process that has
    # read embeddings, the allocator keeps what it has.
    np.ones(3 << 20).sum()
    print(machine("scipy", "numba"))
    for case in cases(options.folder):
        show(case, SIZES[:3] if options.quick else SIZES, options.each)


if __name__ == "__main__":
    main()
