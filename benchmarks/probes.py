"""How long the probes take, beside scikit-learn: CPU seconds of one thread.

    python benchmarks/probes.py [--quick]

One grid is 6 C x (the full sample + 5 folds) = 36 fits, cross-validation included; ours is the
mean over four draws in one call, which is how probes are run. scikit-learn fits the same 36 with
lbfgs at tol 1e-6, one after the other, on the same scaled rows (on one fold, times 5). "sk gap" is
how far its worst full fit lies above our certified lower bound on the optimum; ours are proven to
1e-6, their folds to 1e-5. Real embeddings are used where ``CHARZ_LAB`` names a folder of ``*.npz``
with ``X`` and ``y``; synthetic rows have the decaying spectrum of embeddings.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

N_DRAWS = 4
GRID = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True)
class Case:
    """A task to time: rows scaled to unit mean square, labels without holes."""

    name: str
    X: np.ndarray
    y: np.ndarray

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return int(self.y.max()) + 1


def synthetic(n: int, n_dims: int, n_classes: int) -> Case:
    """Return normalised rows around class means, with a spectrum decaying like j**-0.6."""
    rng = np.random.default_rng(0)
    axes = np.arange(1, n_dims + 1) ** -0.6
    y = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n - n_classes)])
    X = (rng.normal(size=(n_classes, n_dims))[y] + 1.5 * rng.normal(size=(n, n_dims))) * axes
    X += rng.normal(size=n_dims) / 2
    return Case("synthetic", X / np.linalg.norm(X, axis=1, keepdims=True), y)


def real(sizes: tuple[int, ...]) -> Iterator[Case]:
    """Yield draws from the embeddings in ``CHARZ_LAB``."""
    folder = Path(os.environ.get("CHARZ_LAB", "/nonexistent"))
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as arrays:
            X, y = arrays["X"].astype(np.float64), arrays["y"]
        order = np.random.default_rng(0).permutation(len(y))
        for n in sizes:
            rows = order[:n]
            _, codes = np.unique(y[rows], return_inverse=True)
            factor = 1 / np.sqrt((X[rows] ** 2).sum(axis=1).mean())
            yield Case(path.stem, X[rows] * factor, codes)


def cases(quick: bool) -> Iterator[Case]:
    """Yield the tasks, small ones first."""
    sizes = (64, 256) if quick else (64, 256, 1024)
    yield from (synthetic(n, 384, K) for n in sizes for K in (2, 6, 20))
    yield from real(sizes)


def timed(work: Callable[[], object], repeats: int = 1) -> float:
    """Return the least CPU seconds of ``repeats`` runs."""
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return float(best)


def ours(case: Case) -> float:
    """Return the CPU seconds of one logistic answer: grid, folds and choice, of a few draws."""
    from charz.probes import logistic
    from charz.records import Draw

    rng = np.random.default_rng(0)
    orders = [rng.permutation(len(case.y)) for _ in range(N_DRAWS)]
    draws = [Draw(rows, case.y[rows]) for rows in orders]

    def work() -> None:
        list(logistic.predict(case.X, draws, [case.X[:1]], case.n_classes))

    return timed(work, repeats=2) / N_DRAWS


def theirs(case: Case) -> float:
    """Return scikit-learn's CPU seconds for the same fits."""
    from sklearn.linear_model import LogisticRegression

    from charz.probes._logistic.folds import assign

    train = assign(case.y, 5) != 0

    def work(X: np.ndarray, y: np.ndarray) -> None:
        for C in GRID:
            LogisticRegression(C=C, tol=1e-6, max_iter=100_000).fit(X, y)

    full = timed(lambda: work(case.X, case.y))
    return full + 5 * timed(lambda: work(case.X[train], case.y[train]))


def worst_gap(case: Case) -> float:
    """Return the largest relative gap of scikit-learn's full fits above our lower bound."""
    from sklearn.linear_model import LogisticRegression

    from charz.probes._logistic import coordinates, path

    where = coordinates.shrink(case.X, 1.0) if len(case.X) <= case.X.shape[1] else None
    where = where or coordinates.rotate(case.X, coordinates.pool_axes(case.X), 1.0)
    loss = path.loss_for(case.y, case.n_classes)
    weights, worst = path.row_weights(None, len(case.y)), 0.0
    for stage in path.solve(where.Z, loss, weights, GRID, 1e-9):
        best = loss.value(stage.M, weights).loss[0] + (stage.V[0, :, :-1] ** 2).sum() / stage.C / 2
        model = LogisticRegression(C=stage.C, tol=1e-6, max_iter=100_000).fit(case.X, case.y)
        P = model.predict_proba(case.X)[np.arange(len(case.y)), case.y]
        f = -np.log(P).sum() + (model.coef_**2).sum() / stage.C / 2
        worst = max(worst, f / (best * (1 - stage.gaps[0])) - 1)
    return worst


def processor() -> str:
    """Return the processor's name, where the system tells it."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def main() -> None:
    """Print one line per task."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="up to 256 rows")
    quick = parser.parse_args().quick
    import sklearn
    import threadpoolctl

    warnings.simplefilter("ignore")
    blas = {f"{pool['internal_api']} {pool['version']}" for pool in threadpoolctl.threadpool_info()}
    print(
        f"{processor()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; "
        f"Python {platform.python_version()}, numpy {np.__version__}, {', '.join(sorted(blas))}, "
        f"scikit-learn {sklearn.__version__}"
    )
    print(f"{'task':16}{'n':>6}{'d':>6}{'K':>5}{'ms':>9}{'sk ms':>10}{'ratio':>8}{'sk gap':>9}")
    for case in cases(quick):
        mine, peer = ours(case), theirs(case)
        n, d = case.X.shape
        print(f"{case.name:16}{n:6}{d:6}{case.n_classes:5}{1e3 * mine:9.1f}{1e3 * peer:10.1f}"
              f"{peer / mine:8.1f}{worst_gap(case):9.0e}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
