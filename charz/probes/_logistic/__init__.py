"""The solver behind the logistic probe: exact, batched over folds, warm along C.

``folds`` splits rows, ``coordinates`` shrinks and rotates the space, ``problem`` says what is to
be solved, and two engines solve it to the same certificate: ``reference`` in NumPy, to be read
and to fall back on, and ``compiled`` in machine code by Numba. Both are L-BFGS in margin space,
batched over the full sample and its folds, in float32, with proofs and last steps in float64.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from charz.errors import InputError

if TYPE_CHECKING:
    from charz.probes._logistic.problem import Problem, Stage

ENGINES = {"numba": "compiled.engine", "numpy": "reference.path"}
BUDGET = 512 << 20
"""Bytes of working memory that a call of `solve` may take besides the problem itself."""
EXACT = 1e-15
"""Relative gap of a fit whose predictions are to be those of the optimum."""


def solve(
    problem: Problem,
    Cs: Sequence[float],
    tol: float,
    *,
    exact: bool = False,
    budget: int = BUDGET,
    engine: str | None = None,
) -> Iterator[Stage]:
    """Yield the `Stage` of every C.

    Parameters
    ----------
    problem : Problem
    Cs : ascending floats
    tol : float
        Wanted bound on the relative gap of problem 0, the folds' is `problem.SLACK` times
        that; `Stage.gaps` says what was reached.
    exact : bool
        Go on with problem 0 in float64 to a gap of `EXACT`.
    budget : int
        Bytes; where all problems together need more, the folds are solved in several blocks.
    engine : {"numba", "numpy"}, optional
        Default: what ``CHARZ_ENGINE`` says, else the first that can be imported.

    Raises
    ------
    InputError
        When there is no such engine, or it is not installed.
    """
    module = _load(engine or os.environ.get("CHARZ_ENGINE"))
    stages: Iterator[Stage] = module.solve(problem, Cs, tol, EXACT if exact else None, budget)
    return stages


def _load(name: str | None) -> Any:
    if name is None:
        try:
            return importlib.import_module(f"{__name__}.{ENGINES['numba']}")
        except ImportError:  # no wheel of Numba for this Python
            name = "numpy"
    if name not in ENGINES:
        raise InputError(f"'{name}' is no engine", f"choose {' or '.join(ENGINES)}")
    try:
        return importlib.import_module(f"{__name__}.{ENGINES[name]}")
    except ImportError as error:
        raise InputError(f"the engine '{name}' needs Numba", "pip install numba") from error
