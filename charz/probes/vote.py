"""The vote: a mean of other probes' probabilities, weighed by what cross-validation says of them.

``p(c | x) = sum_h w_h p_h(c | x)`` over members h. The weights maximise the log-likelihood of
what members say of rows that they had not seen, stacking of predictive distributions [1]_, under a
prior that is worth ``prior`` rows for each member:

    sum_i log sum_h w_h p_h(y_i | x_i) + prior sum_h log w_h,      w >= 0, sum_h w_h = 1.

It is concave; expectation maximisation for a finite mixture [2]_ finds its maximum. Few rows leave
the weights even, many give them to whoever is best. ``cv_probabilities`` are the same mean of the
members' own: of each row's label they saw the weights alone. ``chosen`` is the place among the
members of the one that weighs most. Cost: that of all members, and O(n members) per step.

Parameters
----------
members : sequence of str
    Names on this shelf, of probes with ``cv_probabilities``, each with its defaults.
prior : float, default 1
    0 or above.

References
----------
.. [1] Y. Yao, A. Vehtari, D. Simpson, A. Gelman, "Using stacking to average Bayesian predictive
   distributions", Bayesian Analysis 13 (2018), section 3, with the logarithmic score.
.. [2] A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum likelihood from incomplete data via the
   EM algorithm", Journal of the Royal Statistical Society B 39 (1977), section 4.3.

>>> import numpy as np
>>> from charz.records import Draw
>>> X = np.array([[0.0], [1.0], [4.0], [5.0]])
>>> draw = Draw(np.arange(4), np.array([0, 0, 1, 1]))
>>> (answer,) = predict(X, [draw], [np.array([[2.4], [2.6]])], 2, members=["ridge", "centroid"])
>>> answer.probabilities[0].argmax(axis=1)
array([0, 1])
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from charz import shelf
from charz.errors import InputError
from charz.records import Draw, Prediction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints

PARAMETERS: dict[str, Any] = {
    "members": ("logistic", "ridge", "centroid", "lda", "svm", "mlp"),
    "prior": 1.0,
}
LEAST = 1e-6
"""Probability that counts for less: a fold without a class gives it none."""
CLOSE, STEPS = 1e-10, 2000


def predict(
    X: ArrayLike,
    draws: Iterable[Draw],
    X_evals: Iterable[ArrayLike],
    n_classes: int,
    *,
    members: Sequence[str] = PARAMETERS["members"],
    prior: float = PARAMETERS["prior"],
) -> Iterator[Prediction]:
    """Yield the weighted mean of the members' probabilities of each draw: see `charz.probes`.

    Raises
    ------
    InputError
        When a draw or an eval array does not fit the pool ``X``, a member has no cross-validated
        probabilities, or a parameter is out of range.
    UnknownNameError
        When a member is not on the shelf.
    """
    _check(members, prior)
    asked, evals = list(draws), list(X_evals)
    each = [shelf.load("probes", name).predict(X, asked, evals, n_classes) for name in members]
    for draw, *answers in zip(asked, *each, strict=True):
        yield of_answers(answers, draw.labels, prior)


def setting(chosen: float, members: Sequence[str] = PARAMETERS["members"]) -> dict[str, Any]:
    """Return what ``chosen`` stands for.

    >>> setting(4.0)
    {'led_by': 'svm'}
    """
    return {"led_by": members[int(chosen)]}


def of_answers(answers: Sequence[Prediction], y: Ints, prior: float = 1.0) -> Prediction:
    """Return the vote of members that have answered for one draw with labels ``y`` (n,).

    Its seconds are theirs with its own.

    Raises
    ------
    InputError
        When one has no cross-validated probabilities.
    """
    start = time.process_time()
    known = [each.cv_probabilities for each in answers]
    held = [P for P in known if P is not None]
    if len(held) < len(known):
        raise InputError("a member of a vote has no cross-validated probabilities", "leave it out")
    w = weights(np.stack([P[np.arange(len(y)), y] for P in held]), prior)
    columns = zip(*(each.probabilities for each in answers), strict=True)
    return Prediction(
        [_mean(w, parts) for parts in columns],
        _mean(w, held),
        chosen=float(w.argmax()),
        seconds=sum(each.seconds for each in answers) + time.process_time() - start,
    )


def weights(told: Floats, prior: float = 1.0) -> Floats:
    """Return the weight of each member, (members,), from what they gave the true class.

    Parameters
    ----------
    told : array (members, n)
        Probabilities of each row's own class without the row, in [0, 1].
    prior : float
        Rows that are worth as much as the prior, for each member.

    Examples
    --------
    >>> weights(np.array([[0.9, 0.8, 0.9], [0.1, 0.2, 0.1]])).round(2)
    array([0.77, 0.23])
    """
    P = np.maximum(told, LEAST)
    w = np.full(len(P), 1 / len(P))
    for _ in range(STEPS):
        shares = w[:, None] * P
        shares /= shares.sum(axis=0)
        again = prior + shares.sum(axis=1)
        again /= again.sum()
        if np.abs(again - w).max() <= CLOSE:
            break
        w = again
    return w


def _mean(w: Floats, parts: Sequence[Floats]) -> Floats:
    found: Floats = np.einsum("h,hnk->nk", w, np.stack(parts))
    found /= found.sum(axis=1, keepdims=True)  # weights sum to 1 but for rounding
    return found


def _check(members: Sequence[str], prior: float) -> None:
    takes = [hasattr(shelf.load("probes", name), "predict") for name in members]
    if not members or "vote" in members or not all(takes):
        raise InputError(
            f"members = {list(members)}", "name probes of vectors that are no vote themselves"
        )
    if not 0 <= prior < np.inf:
        raise InputError(f"prior = {prior}", "give 0 or above")
