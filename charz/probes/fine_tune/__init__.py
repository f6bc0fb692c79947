"""Full fine-tuning of a small transformer: all weights, with a linear head on pooled tokens.

A probe of texts: it trains the encoder itself (`predict_texts`, see `charz.probes`).

What makes fine-tuning on few rows fail or fluctuate is known [1]_ and seen to here: AdamW with its
bias correction; as many updates as it takes, however few the rows (`updates`); a linear warm-up and
a linear fall to zero; the topmost layers drawn anew where that is chosen; a seed for everything
drawn. The setting is the one of least log-loss on rows of the training sample that were left out
(stratified folds); with it the network is trained on all rows, and what answers is its softmax.

References
----------
.. [1] T. Zhang, F. Wu, A. Katiyar, K. Q. Weinberger, Y. Artzi, "Revisiting few-sample BERT
   fine-tuning", ICLR 2021 (arXiv 2006.05987), sections 4 to 6.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError
from charz.metrics import log_loss
from charz.probes._draws import among_seen
from charz.probes._logistic.folds import splits
from charz.records import Draw, EncoderSpec, Examples, Prediction
from charz.sources._split import take

if TYPE_CHECKING:
    from charz.probes.fine_tune._training import Trainer
    from charz.records import Floats, Ints

KINDS = ("st",)
"""Kinds of encoders that have weights to train."""
GRID = ((1e-4, 0), (3e-4, 0), (3e-4, 1))
"""Learning rates and how many layers, from the top, are drawn anew."""


PASSES = 5
"""One forward and two back, and what AdamW and the padding of shuffled rows add."""


@dataclass(frozen=True)
class Recipe:
    """How a network is fine-tuned.

    Attributes
    ----------
    grid : sequence of (rate, reset)
        Settings to choose from: the highest learning rate, and layers drawn anew.
    epochs : float
        Passes over the rows, where that is more than ``least_updates``.
    least_updates : int
    batch : int
        Rows per update.
    warm_up : float
        Share of the updates in which the rate rises.
    decay : float
        AdamW's weight decay.
    folds : int
        To choose by; at most one per row.
    max_tokens : int
        Longer texts are cut, or earlier where the checkpoint says so.
    seed : int
    threads : int, optional
        Of torch; default: what ``OMP_NUM_THREADS`` grants, else every core.
    """

    grid: Sequence[tuple[float, int]] = GRID
    epochs: float = 10.0
    least_updates: int = 150
    batch: int = 16
    warm_up: float = 0.1
    decay: float = 0.01
    folds: int = 3
    max_tokens: int = 64
    seed: int = 0
    threads: int | None = None
    say: Callable[[str], None] = field(default=lambda message: None, compare=False)


PARAMETERS: dict[str, Any] = {
    each.name: each.default for each in fields(Recipe) if each.name not in ("threads", "say")
}


def updates(n_rows: int, recipe: Recipe) -> int:
    """Return how many updates ``n_rows`` are given.

    >>> updates(16, Recipe()), updates(1024, Recipe())
    (150, 640)
    """
    return max(recipe.least_updates, math.ceil(recipe.epochs * n_rows / recipe.batch))


def cost(n_rows: int, recipe: Recipe | None = None) -> int:
    """Return how many texts could be encoded in the time that fine-tuning on ``n_rows`` takes.

    A row of an update takes about `PASSES` times as long as its encoding.

    >>> cost(64), cost(1024)
    (120000, 358640)
    """
    recipe = recipe or Recipe()
    kept = n_rows - n_rows // recipe.folds
    trained = updates(n_rows, recipe) + len(recipe.grid) * recipe.folds * updates(kept, recipe)
    return PASSES * trained * min(recipe.batch, n_rows)


def predict_texts(
    spec: str,
    pool: Examples,
    draws: Iterable[Draw],
    evals: Iterable[Examples],
    n_classes: int,
    **parameters: Any,
) -> Iterator[Prediction]:
    """Yield the answers of a network fine-tuned on each draw: see `charz.probes`.

    Parameters
    ----------
    spec : str
        ``st:PATH`` or ``st:ORG/MODEL``. Of a spec that names a layer, the layers up to it.
    pool : Examples
        Texts, or pairs of texts, that the draws' rows are of.
    draws : iterable of Draw
    evals : iterable of Examples
    n_classes : int
    **parameters
        Of `Recipe`, without ``threads`` and ``say``.

    Yields
    ------
    Prediction
        ``chosen`` is the place of the setting in the grid; ``seconds`` are CPU seconds of all:
        with an accelerator, of the processor that feeds it.

    Raises
    ------
    InputError
        When the spec is no checkpoint that torch can train, or a number is out of range.
    MissingExtraError
        When torch or sentence-transformers are not installed.
    """
    recipe = Recipe(**parameters)
    check(spec, recipe)
    asked = list(evals)
    trainer = cache(lambda: _trainer(spec, recipe))
    for draw in draws:
        yield _answer(trainer, take(pool, draw.rows), draw.labels, asked, n_classes)


def fine_tune(
    spec: str,
    train: Examples,
    y: Ints,
    n_classes: int,
    evals: Sequence[Examples] = (),
    recipe: Recipe | None = None,
) -> Prediction:
    """Fine-tune a checkpoint on one sample of labelled texts.

    Parameters
    ----------
    spec : str
        ``st:PATH`` or ``st:ORG/MODEL``.
    train : Examples
        Texts, or pairs of texts, at least four.
    y : int array (n,)
        Codes in ``range(n_classes)``.
    n_classes : int
    evals : sequence of Examples
    recipe : Recipe, optional

    Returns
    -------
    Prediction
        As `predict_texts` yields.

    Raises
    ------
    InputError, MissingExtraError
        As `predict_texts`, and when there is one class or fewer than four rows.
    """
    recipe = recipe or Recipe()
    check(spec, recipe)
    enough(y)
    return _answer(lambda: _trainer(spec, recipe), train, y, list(evals), n_classes)


def check(spec: str, recipe: Recipe) -> None:
    """Refuse an encoder or a recipe that cannot be, before anything is loaded."""
    if EncoderSpec.parse(spec).kind not in KINDS:
        raise InputError(f"'{spec}' has no weights to fine-tune", "give a checkpoint as st:PATH")
    numbers = (recipe.epochs, recipe.least_updates, recipe.batch, recipe.max_tokens)
    rates = [rate for rate, _ in recipe.grid]
    if not rates or min(*numbers, *rates) <= 0 or recipe.folds < 2 or not 0 <= recipe.warm_up < 1:
        raise InputError(
            "the recipe has a number out of range", "see charz.probes.fine_tune.Recipe"
        )


def enough(y: Ints) -> None:
    """Refuse rows that are too few to choose by."""
    if len(np.unique(y)) < 2 or len(y) < 4:
        raise InputError(
            f"{len(y)} rows of {len(np.unique(y))} class(es) are too few to fine-tune on",
            "label at least 4 rows of at least 2 classes",
        )


def setting(chosen: float, recipe: Recipe | None = None) -> dict[str, Any]:
    """Return what ``chosen`` stands for.

    >>> setting(2.0)
    {'rate': 0.0003, 'reset_layers': 1}
    """
    rate, reset = (recipe or Recipe()).grid[int(chosen)]
    return {"rate": rate, "reset_layers": reset}


def _trainer(spec: str, recipe: Recipe) -> Trainer:
    from charz.probes.fine_tune._training import Trainer

    return Trainer(EncoderSpec.parse(spec), recipe)


def _answer(
    trainer: Callable[[], Trainer],
    train: Examples,
    labels: Ints,
    evals: list[Examples],
    n_classes: int,
) -> Prediction:
    """Return the answer of a draw, its network trained on the classes that it has."""

    def fit(y: Ints, k: int) -> Prediction:
        return _fitted(trainer(), train, y, evals, k)

    return among_seen(fit, labels, [len(part) for part in evals], n_classes)


def _fitted(
    trainer: Trainer, train: Examples, y: Ints, evals: list[Examples], n_classes: int
) -> Prediction:
    """Choose a setting by rows left out, train on all with it, and answer for ``evals``."""
    recipe, start = trainer.recipe, time.process_time()
    answers = [_held_out(trainer, train, y, n_classes, place) for place in range(len(recipe.grid))]
    best = int(np.argmin([log_loss(P, y) for P in answers]))
    recipe.say(f"fine-tuning on all {len(y)} rows")
    found = trainer.run(train, y, evals, n_classes, best)
    seconds = time.process_time() - start
    return Prediction(found, answers[best], chosen=float(best), seconds=seconds)


def _held_out(trainer: Trainer, train: Examples, y: Ints, n_classes: int, place: int) -> Floats:
    """Return probabilities of every row by networks that had not seen it, (n, n_classes)."""
    recipe, P = trainer.recipe, np.empty((len(y), n_classes))
    for number, (rows, others) in enumerate(splits(y, recipe.folds), 1):
        recipe.say(f"setting {place + 1} of {len(recipe.grid)}, fold {number}")
        left_out = [take(train, others)]
        (P[others],) = trainer.run(take(train, rows), y[rows], left_out, n_classes, place)
    return P
