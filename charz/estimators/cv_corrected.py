"""Out-of-fold accuracy carried on from four fifths of the rows to all of them.

Formula: A + g (A - H), clipped to [0, 1], A the out-of-fold accuracy by heads of 4/5 of the rows,
H that of two heads of half the rows on each other's half (``gde``), g = 0.3985 what an error of
a + b n^(-1/2) asks for: ((4/5)^(-1/2) - 1) / ((1/2)^(-1/2) - (4/5)^(-1/2)); NaN where a half has
fewer than two classes.
Source: Burman, A comparative study of ordinary cross-validation, Biometrika 1989, on the bias;
the rate: Cortes et al., Learning curves, NeurIPS 1993. Cost: that of ``gde``, shared.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.estimators._halves import left_out
from charz.estimators._head import answers, share

if TYPE_CHECKING:
    from charz.sample import Sample

INVARIANT = frozenset[str]()
GAIN = (0.8**-0.5 - 1) / (0.5**-0.5 - 0.8**-0.5)


def estimate(sample: Sample) -> float:
    """Return the accuracy expected of a head of all rows."""
    known, choices = answers(sample), sample.once_labelled(left_out)
    if known is None or choices is None:
        return math.nan
    halved = float((choices == sample.y_train).mean())
    return share(known.accuracy + GAIN * (known.accuracy - halved))
