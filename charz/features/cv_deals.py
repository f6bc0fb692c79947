"""What repeated cross-validation of the deployed head says besides its accuracy.

Formula: ``log_loss``, the mean out-of-fold log-loss over the deals of ``cv_repeated``, in nats;
``spread``, the standard deviation over deals of their accuracy: how much chance alone moves it
(0 where there is one deal). NaN beyond 512 rows and with fewer than two classes. Range: >= 0.
Source: Kim, Computational Statistics & Data Analysis 2009. Cost: shared with ``cv_repeated``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from charz.estimators._deals import deals

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, math.inf)
INVARIANT = frozenset[str]()
OUTPUTS = ("log_loss", "spread")


def compute(sample: Sample) -> dict[str, float]:
    """Return both numbers."""
    found = sample.once_labelled(deals)
    if found is None:
        return dict.fromkeys(OUTPUTS, math.nan)
    return {"log_loss": float(found.log_loss.mean()), "spread": float(found.accuracy.std())}
