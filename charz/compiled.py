"""Functions that Numba compiles to machine code.

`Loop` compiles at the first call, so that importing a module with such a loop costs nothing;
`machine_code` is for modules that are themselves imported late. The machine code is kept beside
the module, or where Numba keeps a user's, and compiled anew where neither place can be written
to. Unless options say otherwise, sums are added in the order in which they are written (no
``fastmath``), so that a loop in Python and its compiled form give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any


def machine_code(function: Callable[..., Any], **options: Any) -> Any:
    """Return the function compiled at its first call for the types of its arguments.

    It releases the GIL. ``options`` are those of ``numba.njit``. Imports Numba.
    """
    import numba

    try:
        return numba.njit(cache=True, nogil=True, **options)(function)
    except RuntimeError:  # no place for the machine code can be written to
        return numba.njit(nogil=True, **options)(function)


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
    def _machine(self) -> Any:
        return machine_code(self.python)

    def __call__(self, *arguments: Any) -> Any:
        """Call the compiled function."""
        return self._machine(*arguments)
