"""The logistic probe as a scikit-learn classifier: `LogisticProbe`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from charz.probes._draws import one_thread
from charz.probes._logistic.coordinates import Pool
from charz.probes._logistic.fit import Plan, fits
from charz.probes._logistic.problem import TOLERANCE, probabilities
from charz.probes.logistic import PARAMETERS, choose, grid_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats


class LogisticProbe(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """L2-penalised logistic regression, C chosen by cross-validated log-loss.

    The objective is that of `sklearn.linear_model.LogisticRegression`; unlike its ``tol``,
    which bounds a gradient, ``tol`` here bounds how far the objective is from its minimum, and
    is certified. Fits with all folds take about as long as one of scikit-learn's.

    Parameters
    ----------
    C : float or sequence of floats
        With several, the one of least cross-validated log-loss is chosen, the smaller of equals.
    cv : int
        Stratified folds, made from the labels in order; 0 for none, which takes a single C.
    scale : bool
        Let C refer to rows multiplied by one factor that makes their mean squared norm 1. False
        takes rows as they are, as scikit-learn does.
    tol : float
        Relative gap to certify.
    exact : bool
        Go on in float64 until predictions are those of the optimum.

    Attributes
    ----------
    classes_ : array (n_classes,)
    coef_ : float64 array (1 or n_classes, n_features_in_)
        On rows as they are given; one row for two classes.
    intercept_ : float64 array (1 or n_classes,)
    C_ : float
        The chosen C.
    gap_ : float
        Certified bound on the relative gap of the fit.
    n_features_in_ : int

    References
    ----------
    .. [1] F. Pedregosa et al., "Scikit-learn: machine learning in Python", JMLR 12 (2011).

    Examples
    --------
    >>> from charz.probes import LogisticProbe
    >>> X = np.array([[0.0], [1.0], [2.0], [7.0], [8.0], [9.0]])
    >>> probe = LogisticProbe().fit(X, ["low", "low", "low", "high", "high", "high"])
    >>> probe.predict([[1.5], [7.5]]).tolist(), probe.gap_ <= 1e-6
    (['low', 'high'], True)
    """

    def __init__(
        self,
        C: float | Sequence[float] = PARAMETERS["C"],
        cv: int = 5,
        scale: bool = True,
        tol: float = TOLERANCE,
        exact: bool = False,
    ) -> None:
        self.C = C
        self.cv = cv
        self.scale = scale
        self.tol = tol
        self.exact = exact

    def fit(self, X: ArrayLike, y: ArrayLike) -> LogisticProbe:
        """Fit to rows ``X`` (n, n_features) with labels ``y`` (n,).

        Raises
        ------
        ValueError
            When ``X`` and ``y`` are no classification data (scikit-learn's checks), or ``y``
            has one class.
        InputError
            When a parameter is out of range.
        """
        checked: tuple[Floats, Any] = validate_data(self, X, y, dtype=np.float64)
        rows, labels = checked
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y has one class, {self.classes_[0]!r}: a classifier needs at least 2 classes"
            )
        grid = grid_of(np.atleast_1d(self.C).tolist(), self.cv, self.tol)
        plan = Plan(grid, self.scale, self.cv, self.tol, self.exact)
        with one_thread():
            whole = np.arange(len(rows))
            best = choose(fits(Pool(rows), whole, codes, len(self.classes_), plan), codes)
        self.coef_, self.intercept_ = best.weights[:, :-1], best.weights[:, -1]
        self.C_, self.gap_ = best.C, best.gap
        return self

    def decision_function(self, X: ArrayLike) -> Floats:
        """Return margins: (n,) of the second class for two classes, else (n, n_classes)."""
        check_is_fitted(self)
        rows: Floats = validate_data(self, X, dtype=np.float64, reset=False)
        margins: Floats = rows @ self.coef_.T + self.intercept_
        return margins[:, 0] if len(self.classes_) == 2 else margins

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return class probabilities (n, n_classes), in the order of ``classes_``."""
        return probabilities(self.decision_function(X).reshape(-1, len(self.coef_)).T)

    def predict(self, X: ArrayLike) -> Any:
        """Return the most probable class of each row, (n,)."""
        margins = self.decision_function(X)
        if margins.ndim == 1:
            return self.classes_[(margins > 0).astype(np.int64)]
        return self.classes_[margins.argmax(axis=1)]
