"""How long the probes in closed form and the metrics take, beside scikit-learn: one thread.

    python benchmarks/closed_forms.py [FOLDER] [--quick]

CPU milliseconds per draw, or per measured answer; the least of three runs, ours and theirs in
one process. A line of one n has three draws of n rows; "nested" has two seeds of the sizes
16, 32, ..., up to n, without those of less than two rows per class. Every draw answers one eval
array of 2000 rows (what the embeddings leave, if fewer). scikit-learn gets float64 rows, as ours
are used, and the quickest way that its estimators offer:

ridge     RidgeCV on one-hot labels over the same alphas, which has leave-one-out in closed form
knn       KNeighborsClassifier, brute: kneighbors() without the row itself once for the largest k,
          then predict_proba at the k that ours chose
centroid  NearestCentroid: classes only, without leave-one-out or probabilities
lda       LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"), whose intensity is found
          class by class and so differs
measure   accuracy, balanced accuracy, F1, log-loss and area under the curve by its functions (it
          has no expected calibration error); ours is one answer of a dozen in `measure_many`

"agree" is the share of eval rows on which both predict the same class, for `measure` whether the
common metrics are equal. ``FOLDER`` has vectors as `benchmarks/vectors.py` makes them; synthetic
rows have the decaying spectrum of embeddings.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from clock import cpu, machine

from charz import metrics, shelf
from charz.records import Draw, Prediction

REPEATS = 3
N_EVAL = 2000


@dataclass(frozen=True)
class Case:
    """A pool with labels, and eval rows."""

    name: str
    X: np.ndarray
    y: np.ndarray
    E: np.ndarray

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return int(self.y.max()) + 1


def synthetic(n_dims: int, n_classes: int, n_pool: int = 5000) -> Case:
    """Return normalised rows around class means, with a spectrum decaying like j**-0.6."""
    rng = np.random.default_rng(0)
    n = n_pool + N_EVAL
    axes = np.arange(1, n_dims + 1) ** -0.6
    y = rng.integers(0, n_classes, n)
    X = (rng.normal(size=(n_classes, n_dims))[y] + 1.5 * rng.normal(size=(n, n_dims))) * axes
    X += rng.normal(size=n_dims) / 2
    X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
    return Case("synthetic", X[:n_pool], y[:n_pool], X[n_pool:])


def real(folder: Path) -> Iterator[Case]:
    """Yield the embeddings in a folder."""
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as arrays:
            X, y = arrays["X"].astype(np.float32), arrays["y"]
        order = np.random.default_rng(0).permutation(len(y))
        n_eval = min(N_EVAL, len(y) // 3)
        yield Case(path.stem, X[order[n_eval:]], y[order[n_eval:]], X[order[:n_eval]])


def cases(quick: bool, folder: Path | None) -> Iterator[Case]:
    """Yield the tasks."""
    shapes = [(384, 6)] if quick else [(128, 2), (384, 6), (384, 77), (1024, 20)]
    yield from (synthetic(d, K) for d, K in shapes)
    if folder and not quick:
        yield from real(folder)


def draws_of(case: Case, n: int, nested: bool) -> list[Draw]:
    """Return the draws of a line."""
    rng = np.random.default_rng(1)
    seeds = [rng.permutation(len(case.y))[:n] for _ in range(2 if nested else 3)]
    least = max(16, 2 * case.n_classes) if nested else n
    sizes = [size for size in 2 ** np.arange(4, 20) if least <= size <= n] if nested else [n]
    return [Draw(rows, case.y[rows]).head(size) for rows in seeds for size in sizes]


def answers(name: str, case: Case, draws: list[Draw]) -> list[Prediction]:
    """Return what our probe says; the discriminant without folds, as its peer has none."""
    own = {"folds": 0} if name == "lda" else {}
    return list(shelf.load("probes", name).predict(case.X, draws, [case.E], case.n_classes, **own))


def ridge(X: np.ndarray, y: np.ndarray, E: np.ndarray, chosen: float) -> np.ndarray:
    """Return RidgeCV's classes."""
    from sklearn.linear_model import RidgeCV

    unit = 1 / np.sqrt(np.einsum("nd,nd->", X, X) / len(X))
    classes, codes = np.unique(y, return_inverse=True)
    alphas = shelf.load("probes", "ridge").PARAMETERS["alpha"]
    model = RidgeCV(alphas).fit(unit * X, np.eye(len(classes))[codes])
    return classes[model.predict(unit * E).argmax(axis=1)]


def knn(X: np.ndarray, y: np.ndarray, E: np.ndarray, chosen: float) -> np.ndarray:
    """Return the classes of KNeighborsClassifier, having looked for left-out neighbours."""
    from sklearn.neighbors import KNeighborsClassifier

    widest = min(50, len(X) - 1)
    model = KNeighborsClassifier(widest, algorithm="brute").fit(X, y)
    model.kneighbors(return_distance=False)
    model.set_params(n_neighbors=int(chosen))
    prior = np.unique(y, return_counts=True)[1] / len(y)
    return model.classes_[(chosen * model.predict_proba(E) + prior).argmax(axis=1)]


def centroid(X: np.ndarray, y: np.ndarray, E: np.ndarray, chosen: float) -> np.ndarray:
    """Return NearestCentroid's classes."""
    from sklearn.neighbors import NearestCentroid

    model = NearestCentroid().fit(X, y)
    return model.predict(E)


def lda(X: np.ndarray, y: np.ndarray, E: np.ndarray, chosen: float) -> np.ndarray:
    """Return the classes of the discriminant."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(X, y)
    return model.classes_[model.predict_proba(E).argmax(axis=1)]


PEERS: dict[str, Callable[..., np.ndarray]] = {
    "ridge": ridge, "knn": knn, "centroid": centroid, "lda": lda,
}  # fmt: skip


def line(title: str, case: Case, n: str, pair: tuple[float, float], agree: float) -> None:
    """Print one line: our seconds and theirs."""
    mine, peer = pair
    d, K = case.X.shape[1], case.n_classes
    print(f"{title:9} {case.name:24}{n:>13}{d:6}{K:5}{1e3 * mine:9.2f}{1e3 * peer:9.2f}"
          f"{peer / mine:7.1f}{agree:7.3f}", flush=True)  # fmt: skip


def compare(name: str, case: Case, n: int, nested: bool) -> None:
    """Time one probe on draws of ``n`` rows."""
    draws = draws_of(case, n, nested)
    E = case.E.astype(np.float64)
    known = answers(name, case, draws)
    mine = cpu(lambda: answers(name, case, draws), REPEATS) / len(draws)

    def theirs() -> list[np.ndarray]:
        rows = [(case.X[draw.rows].astype(np.float64), draw.labels) for draw in draws]
        return [PEERS[name](X, y, E, k.chosen) for (X, y), k in zip(rows, known, strict=True)]

    pairs = zip(known, theirs(), strict=True)
    same = [(ours.probabilities[0].argmax(axis=1) == each).mean() for ours, each in pairs]
    title = f"{'nested ' if nested else ''}{n}"
    line(name, case, title, (mine, cpu(theirs, REPEATS) / len(draws)), float(np.mean(same)))


def scored(P: np.ndarray, y: np.ndarray) -> list[float]:
    """Return scikit-learn's metrics of an answer."""
    from sklearn import metrics as sk

    predicted, K = P.argmax(axis=1), P.shape[1]
    area = sk.roc_auc_score(y, P[:, 1]) if K == 2 else sk.roc_auc_score(y, P, multi_class="ovr")
    return [
        sk.accuracy_score(y, predicted), sk.balanced_accuracy_score(y, predicted),
        sk.f1_score(y, predicted, average="macro"), sk.log_loss(y, P, labels=range(K)), area,
    ]  # fmt: skip


def compare_metrics(n: int, n_classes: int) -> None:
    """Time the metrics of a dozen answers."""
    rng = np.random.default_rng(0)
    y = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n - n_classes)])
    P = rng.dirichlet(np.ones(n_classes), size=(12, n))
    many = metrics.measure_many(P, y)
    names = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "auroc")
    equal = np.allclose([many[name][0] for name in names], scored(P[0], y), atol=1e-12)
    mine = cpu(lambda: metrics.measure_many(P, y), REPEATS) / 12
    peer = cpu(lambda: scored(P[0], y), REPEATS)
    line("measure", Case("random", P[0], y, P[0]), str(n), (mine, peer), float(equal))


def main() -> None:
    """Print one line per task."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="of vectors")
    parser.add_argument("--quick", action="store_true", help="one task, up to 512 rows")
    given = parser.parse_args()
    quick = given.quick
    warnings.simplefilter("ignore")
    print(machine("sklearn"))
    print(
        f"{'':9} {'task':24}{'n':>13}{'d':>6}{'K':>5}{'ms':>9}{'sk ms':>9}{'ratio':>7}{'agree':>7}"
    )
    metrics.measure_many(np.full((4, 1000, 100), 0.01), np.arange(1000) % 100)  # compiles
    for n in (200,) if quick else (200, 1000, 3000):
        for n_classes in (2, 6, 20, 77, 150):
            compare_metrics(n, n_classes)
    for case in cases(quick, given.folder):
        largest = min(512 if quick else 2048, len(case.y))
        for name in PEERS:
            for n in (128, 512, 2048):
                if n <= largest:
                    compare(name, case, n, nested=False)
            compare(name, case, largest, nested=True)


if __name__ == "__main__":
    main()
