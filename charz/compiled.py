"""Loops that Numba compiles to machine code, at their first call and not before.

Importing a module with such a loop costs nothing. The machine code is kept beside the module,
or where Numba keeps a user's, and compiled anew where neither place can be written to. Sums are
added in the order in which the loop is written (no ``fastmath``), so that a loop in Python and
its compiled form give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any


class Loop:
    """A function of arrays and numbers, compiled when first called.

    ``python`` is the function as written; ``is_ready`` says whether it was called already, so
    that the half second of loading Numba is spent.

    >>> @Loop
    ... def count(n):
    ...     total = 0
    ...     for i in range(n):
    ...         total += i
    ...     return total
    >>> count.is_ready, count.python(4)
    (False, 6)
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.python = function

    @property
    def is_ready(self) -> bool:
        """Whether a call costs no compilation."""
        return "_machine" in vars(self)

    @cached_property
    def _machine(self) -> Callable[..., Any]:
        import numba

        try:
            made: Callable[..., Any] = numba.njit(cache=True, nogil=True)(self.python)
        except RuntimeError:  # no place for the machine code can be written to
            made = numba.njit(nogil=True)(self.python)
        return made

    def __call__(self, *arguments: Any) -> Any:
        """Call the compiled function."""
        return self._machine(*arguments)
