"""Arrays of several parts in one dictionary, each under its part's name.

>>> held = {"same.slopes": np.ones(2), "shift.slopes": np.zeros(2)}
>>> part(held, "shift.")
{'slopes': array([0., 0.])}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping


def part(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """Return the arrays whose names begin with ``prefix``, by the rest of their names."""
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
