"""The probe engine beside scikit-learn: time, exactness, rate and memory.

    python benchmarks/vectors.py FOLDER --checkpoint MINILM
    python benchmarks/probes.py FOLDER [--only grid cells fewshot exact folds ...] [--quick]

All times are CPU seconds of one thread in one process, both sides in turn. A grid is 6 C x (the
whole sample + 5 folds) = 36 fits. Ours is `charz.probe_grid` from raw vectors to the table with
seven metrics of every C; the pool's preparation is counted, spread over the draws of the call.
scikit-learn's is `LogisticRegression` (lbfgs, tol 1e-6) on the same scaled rows, whole samples and
folds, with `predict_proba` of the eval rows and of the rows left out, and no metrics; it is
timed on the first draw of a cell, on one fold of five (times five).
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np
from clock import cpu, machine

GRID = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
N_DRAWS = 10
N_EVAL = 500
CELLS = (
    ("sst2_glove", (64, 256, 1024, 4096)),
    ("sst2_minilm", (64, 256, 1024, 4096)),
    ("trec6_glove", (64, 256, 1024, 4096)),
    ("trec6_minilm", (64, 256, 1024, 4096)),
    ("newsgroups20_wordllama", (64, 256, 1024, 4096)),
    ("newsgroups20_minilm", (64, 256, 1024)),
    ("banking77_minilm", (256, 1024, 4096)),
    ("clinc150_minilm", (256, 1024, 4096)),
)


@dataclass(frozen=True)
class Case:
    """A dataset under an encoder: a pool to draw from, and rows to score on."""

    name: str
    X: np.ndarray
    y: np.ndarray
    X_eval: np.ndarray
    y_eval: np.ndarray

    @classmethod
    def load(cls, folder: Path, name: str) -> Case:
        """Read vectors, with `N_EVAL` test rows drawn by seed."""
        with np.load(folder / f"{name}.npz") as arrays:
            X, y, n_train = arrays["X"], arrays["y"], int(arrays["n_train"])
        test = n_train + np.random.default_rng(0).permutation(len(y) - n_train)[:N_EVAL]
        return cls(name, X[:n_train], y[:n_train], X[test], y[test])

    def draws(self, n: int, n_draws: int) -> list[np.ndarray]:
        """Return random draws; draws of one seed are nested."""
        seeds = range(n_draws)
        return [np.random.default_rng(seed).permutation(len(self.y))[:n] for seed in seeds]

    def scaled(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return a draw's rows at a mean squared norm of 1, eval rows likewise, and labels."""
        X = self.X[rows].astype(np.float64)
        factor = 1 / np.sqrt((X**2).sum(axis=1).mean())
        return X * factor, self.X_eval * factor, self.y[rows]


def ours(case: Case, draws: Sequence[np.ndarray], **settings: object) -> float:
    """Return CPU seconds of all draws' grids."""
    import charz

    wanted = {"subsets": draws, "C": GRID, "scale": True} | settings
    return cpu(
        lambda: charz.probe_grid(case.X, case.y, case.X_eval, case.y_eval, **wanted), repeats=2
    )


def theirs(case: Case, rows: np.ndarray, tol: float = 1e-6) -> float:
    """Return scikit-learn's CPU seconds for one draw's grid."""
    from charz.probes._logistic.folds import assign

    X, E, y = case.scaled(rows)
    out = assign(np.unique(y, return_inverse=True)[1], 5) == 0

    def fit(X: np.ndarray, y: np.ndarray, asked: np.ndarray) -> None:
        for C in GRID:
            logistic(C, tol).fit(X, y).predict_proba(asked)

    whole = cpu(lambda: fit(X, y, E))
    return whole + 5 * cpu(lambda: fit(X[~out], y[~out], X[out]))


def logistic(C: float, tol: float, max_iter: int = 100_000):
    """Return scikit-learn's model."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=C, tol=tol, max_iter=max_iter)


def reference_grid(folder: Path, quick: bool) -> None:
    """TREC-6 x MiniLM, n = 16..1,024 x 10 seeds."""
    case = Case.load(folder, "trec6_minilm")
    sizes = [16 * 2**power for power in range(7)]
    draws = [rows[:n] for rows in case.draws(1024, N_DRAWS) for n in sizes]
    mine = ours(case, draws)
    n_peers = 1 if quick else 3
    peers = [rows[:n] for rows in case.draws(1024, n_peers) for n in sizes]
    peer = sum(theirs(case, rows) for rows in peers) * N_DRAWS / n_peers
    print(
        f"\nreference grid: {36 * len(draws)} fits; ours {mine:.2f} s, "
        f"scikit-learn {peer:.1f} s (from {n_peers} of {N_DRAWS} seeds): {peer / mine:.0f}x"
    )


def cells(folder: Path, quick: bool) -> None:
    """One line per cell."""
    print(f"\n{'cell':24}{'K':>4}{'d':>5}{'n':>6}{'ms/grid':>9}{'sk ms':>10}{'ratio':>7}")
    for name, sizes in CELLS:
        if not (folder / f"{name}.npz").exists():
            continue
        case = Case.load(folder, name)
        for n in sizes:
            n_classes = int(case.y.max()) + 1
            if n > len(case.y) or (quick and n * n_classes > 30_000):
                continue
            n_draws = int(np.clip(40_000 // (n * max(1, n_classes // 6)), 1, N_DRAWS))
            draws = case.draws(n, n_draws)
            mine, peer = ours(case, draws) / n_draws, theirs(case, draws[0])
            print(
                f"{name:24}{n_classes:4}{case.X.shape[1]:5}{n:6}{1e3 * mine:9.2f}"
                f"{1e3 * peer:10.1f}{peer / mine:7.0f}",
                flush=True,
            )


def few_shot(folder: Path, quick: bool) -> None:
    """Print MTEB's protocol: so many rows a label x 10 draws, C 1 on raw rows, and the metrics.

    scikit-learn once as MTEB runs it (default tol, at most 100 iterations), once at tol 1e-6.
    """
    import charz

    print(
        f"\n{'few-shot protocol':24}{'per label':>10}{'ms/10 draws':>12}{'as MTEB':>9}{'ratio':>7}"
        f"{'tol 1e-6':>10}{'ratio':>7}"
    )
    for name in ("sst2_minilm", "trec6_minilm", "banking77_minilm"):
        case = Case.load(folder, name)
        for per_label in (8, 16):
            draws = [per_class(case.y, per_label, seed) for seed in range(10)]
            wanted = {"subsets": draws, "C": (1.0,), "cv": 0}
            work = (case.X, case.y, case.X_eval, case.y_eval)
            mine = cpu(lambda: charz.probe_grid(*work, **wanted), repeats=5)  # noqa: B023
            loose = cpu(lambda: few_shot_peer(case, draws, 1e-4, 100), repeats=2)  # noqa: B023
            tight = cpu(lambda: few_shot_peer(case, draws, 1e-6, 100_000), repeats=2)  # noqa: B023
            print(
                f"{name:24}{per_label:10}{1e3 * mine:12.1f}{1e3 * loose:9.1f}{loose / mine:7.1f}"
                f"{1e3 * tight:10.1f}{tight / mine:7.1f}",
                flush=True,
            )


def per_class(y: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Return up to ``n`` rows of every class."""
    order = np.random.default_rng(seed).permutation(len(y))
    return np.concatenate([order[y[order] == k][:n] for k in np.unique(y)])


def few_shot_peer(case: Case, draws: Sequence[np.ndarray], tol: float, max_iter: int) -> None:
    """Fit, and compute those of our seven metrics that scikit-learn has."""
    from sklearn import metrics

    for rows in draws:
        model = logistic(1.0, tol, max_iter).fit(case.X[rows], case.y[rows])
        P, y = model.predict_proba(case.X_eval), case.y_eval
        predicted = model.classes_[P.argmax(axis=1)]
        metrics.accuracy_score(y, predicted)
        metrics.balanced_accuracy_score(y, predicted)
        metrics.f1_score(y, predicted, average="macro")
        metrics.log_loss(y, P, labels=model.classes_)
        if P.shape[1] == 2:
            metrics.roc_auc_score(y, P[:, 1])
        else:
            for k in np.unique(y):
                metrics.roc_auc_score(y == k, P[:, k])


def exactness(folder: Path, quick: bool) -> None:
    """Compare answers with the optimum, certified to 1e-15 in float64."""
    import charz

    print(
        f"\n{'exactness':24}{'n':>6}{'gap':>9}{'accuracy pt: mean':>19}{'max':>6}"
        f"{'log-loss':>10}{'argmax':>9}{'sk default: gap':>17}{'argmax':>9}"
    )
    for name, sizes in CELLS:
        if not (folder / f"{name}.npz").exists():
            continue
        case = Case.load(folder, name)
        for n in sizes:
            n_classes = int(case.y.max()) + 1
            if n > 1024 or n * n_classes > (3000 if quick else 21_000):
                continue
            draws = case.draws(n, 1 if n > 256 else 3)
            work = (case.X, case.y, case.X_eval, case.y_eval)
            wanted = {"subsets": draws, "C": GRID, "scale": True}
            fast = charz.probe_grid(*work, **wanted)
            best = charz.probe_grid(*work, **wanted, exact=True)
            off = 100 * (fast.accuracy - best.accuracy)
            loss = (fast.log_loss / best.log_loss - 1).abs().max()
            flips, sk_gap, sk_flips = compared(case, draws[0])
            print(
                f"{name:24}{n:6}{fast.gap.max():9.0e}{off.mean():19.3f}{off.abs().max():6.2f}"
                f"{loss:10.0e}{flips:9.3%}{sk_gap:17.0e}{sk_flips:9.3%}",
                flush=True,
            )


def folds(folder: Path, quick: bool) -> None:
    """Print whether folds that stop early choose as tight ones do."""
    import charz

    same, total, worst = 0, 0, 0.0
    for name in ("sst2_minilm", "trec6_minilm", "newsgroups20_wordllama", "banking77_minilm"):
        case = Case.load(folder, name)
        for n in (64, 256) if quick else (64, 256, 1024):
            draws = case.draws(n, 3)
            work = (case.X, case.y, case.X_eval, case.y_eval)
            early = charz.probe_grid(*work, subsets=draws, C=GRID, scale=True)
            tight = charz.probe_grid(*work, subsets=draws, C=GRID, scale=True, tol=1e-10)
            same += int((early.chosen & tight.chosen).sum())
            total += len(draws)
            worst = max(worst, float((early.cv_log_loss / tight.cv_log_loss - 1).abs().max()))
    print(
        f"\nfolds: the same C chosen in {same} of {total}; CV log-loss moves by {worst:.1%} at most"
    )


def compared(case: Case, rows: np.ndarray) -> tuple[float, float, float]:
    """Return flips of our argmax, and gap and flips of scikit-learn at its defaults (worst C)."""
    from charz.probes import LogisticProbe

    X, E, y = case.scaled(rows)
    flips, gaps, sk_flips = [], [], []
    for C in GRID:
        best = LogisticProbe(C, cv=0, scale=False, exact=True).fit(X, y)
        fast = LogisticProbe(C, cv=0, scale=False).fit(X, y)
        peer = logistic(C, 1e-4).fit(X, y)
        flips.append((fast.predict(E) != best.predict(E)).mean())
        sk_flips.append((peer.predict(E) != best.predict(E)).mean())
        gaps.append(objective(peer, X, y, C) / objective(best, X, y, C) - 1)
    return max(flips), max(gaps), max(sk_flips)


def objective(model: object, X: np.ndarray, y: np.ndarray, C: float) -> float:
    """Return scikit-learn's objective over C."""
    P = model.predict_proba(X)[np.arange(len(y)), np.searchsorted(model.classes_, y)]
    return float(-np.log(P).sum() + (model.coef_**2).sum() / (2 * C))


def rate(folder: Path, quick: bool) -> None:
    """Print the products' rate, the peak of one core, and what two workers gain."""
    import charz
    from charz.probes._logistic import BUDGET
    from charz.probes._logistic.compiled import engine
    from charz.probes._logistic.coordinates import Pool
    from charz.probes._logistic.folds import assign
    from charz.probes._logistic.problem import AIM, Problem, tolerances

    A = np.random.default_rng(0).normal(size=(1024, 1024)).astype(np.float32)
    peak = 2 * 1024**3 / cpu(lambda: A @ A, repeats=20) / 1e9
    print(f"\nBLAS peak of one core, float32: {peak:.0f} GFLOP/s")
    case = Case.load(folder, "trec6_minilm")
    pool = Pool(case.X)
    print(
        f"{'solver, TREC-6 x MiniLM':24}{'n':>6}{'ms':>8}{'GFLOP/s':>9}{'of peak':>9}"
        f"{'steps/fit':>11}"
    )
    for n in (64, 128, 256, 512, 1024, 2048, 4096):
        rows = case.draws(n, 1)[0]
        where = pool.coordinates(rows)
        y = np.unique(case.y[rows], return_inverse=True)[1]
        fold = assign(y, 5)[where.order]
        problem = Problem(where.Z, y[where.order], int(y.max()) + 1, fold, where.is_triangular)
        tols = AIM * tolerances(6, 1e-6, [True] * len(GRID))
        solver = engine.Solver(problem, BUDGET)
        seconds = cpu(lambda: solver.follow(np.array(GRID), tols), repeats=5)  # noqa: B023
        products, steps = solver.work / 6
        p = where.Z.shape[1]
        size = p * (n - p / 2) if where.is_triangular else p * n
        flops = 2 * products * size
        print(
            f"{'':24}{n:6}{1e3 * seconds:8.2f}{flops / seconds / 1e9:9.1f}"
            f"{flops / seconds / 1e9 / peak:9.0%}{steps / 36:11.1f}",
            flush=True,
        )
    draws = case.draws(512, 40)
    walls = []
    for workers in (1, 2):
        start = time.perf_counter()
        charz.probe_grid(
            case.X, case.y, case.X_eval, case.y_eval, subsets=draws, scale=True, workers=workers
        )
        walls.append(time.perf_counter() - start)
    print(f"two workers, 40 draws of 512: {walls[0] / walls[1]:.2f}x the speed of one (wall time)")


def memory(folder: Path, quick: bool) -> None:
    """Print how far peak memory rises over a grid of 4,096 rows and 77 classes, by budget."""
    import charz

    case = Case.load(folder, "banking77_minilm")
    rows = case.draws(1024 if quick else 4096, 1)
    small = [rows[0][:64]]
    work = (case.X, case.y, case.X_eval, case.y_eval)
    charz.probe_grid(*work, subsets=small, C=(1.0,), scale=True)
    for budget in (64 << 20, 512 << 20):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        charz.probe_grid(*work, subsets=rows, C=(1.0, 10.0), scale=True, memory=budget)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(
            f"\nmemory: budget {budget >> 20} MiB, peak rose by {(after - before) / 1024:.0f} MiB"
        )


SECTIONS = {
    "grid": reference_grid,
    "cells": cells,
    "fewshot": few_shot,
    "exact": exactness,
    "folds": folds,
    "rate": rate,
    "memory": memory,
}


def main() -> None:
    """Print the sections asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="of vectors, as benchmarks/vectors.py makes it")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="leave out what takes longest")
    arguments = parser.parse_args()
    if not (arguments.folder / "trec6_minilm.npz").exists():
        sys.exit(f"no vectors in {arguments.folder}: make them with benchmarks/vectors.py")
    warnings.simplefilter("ignore")
    case = Case.load(arguments.folder, "trec6_minilm")
    ours(case, case.draws(64, 1), exact=True)  # compile, where that was never done
    print(f"{machine('sklearn', 'numba')}, engine {os.environ.get('CHARZ_ENGINE', 'numba')}")
    for section in arguments.only:
        SECTIONS[section](arguments.folder, arguments.quick)


if __name__ == "__main__":
    main()
