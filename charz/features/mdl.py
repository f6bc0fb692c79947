"""Minimum description length of the labels given the rows: the online code.

Formula: the first rows' labels are sent at log2 K bits each, then blocks that double, each with
the head of `charz.nested` trained on all rows before it: p_t = softmax(t s) of its scores s. The
code mixes t in {1, 2, 4, .. 32}: L = -log2 mean_t prod_i p_t,i(y_i), so that nothing is fitted to
what it codes. ``bits`` L / n, mean over two or four arrangements of the rows, in (0, inf);
``compression`` log2 K / bits, in (0, inf), 1 or less where rows tell nothing of labels; NaN with
fewer than 4 rows, for one class or constant rows. Of more than 1,024 rows an even choice is coded.
Source: Voita and Titov, Information-theoretic probing with minimum description length, EMNLP 2020,
section 2.2.2; the mixture: Rissanen, 1984. Cost: 6 n K exponentials after the shared heads.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.features._spectrum import variances

if TYPE_CHECKING:
    from charz.nested import Part
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (0.0, math.inf)
INVARIANT = frozenset({"rows"})
OUTPUTS = ("bits", "compression")
SHARP = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


def compute(sample: Sample) -> dict[str, float]:
    """Return the code's length in bits per row, and how often it goes into log2 K.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [3], [7], [8], [9], [10]], [0, 0, 0, 0, 1, 1, 1, 1]
    >>> compute(Sample(X, y, [[0]]))["compression"] > 1.4
    True
    """
    empty = len(sample.present) < 2 or not variances(sample).size
    parts = [] if empty else sample.nested.arrangements
    if not parts or not all(parts):
        return dict.fromkeys(OUTPUTS, math.nan)
    uniform = math.log(sample.n_classes)
    lengths = [_length(arrangement, uniform) for arrangement in parts]
    bits = float(np.mean(lengths)) / (sample.nested.n_rows * math.log(2))
    return {"bits": bits, "compression": uniform / math.log(2) / bits}


def _length(parts: list[Part], uniform: float) -> float:
    """Return the length in nats of one arrangement's code, ``uniform`` a label's without a head."""
    sizes = [len(parts[0].labels), *(part.size - part.size // 2 for part in parts[:-1])]
    blocks = list(zip(parts, sizes, strict=True))
    scores = np.vstack([part.scores[:size] for part, size in blocks])
    labels = np.concatenate([part.labels[:size] for part, size in blocks])
    scores -= scores.max(axis=1, keepdims=True)
    own = scores[np.arange(len(labels)), labels]
    by_t = np.array([_nats(scores, t) - t * own.sum() for t in SHARP])
    least = float(by_t.min())
    mixed = least - math.log(float(np.exp(least - by_t).mean()))
    return mixed + parts[-1].size * uniform


def _nats(scores: Floats, t: float) -> float:
    """Return the sum of the logarithms of softmax's denominators."""
    return float(np.log(np.exp(t * scores).sum(axis=1)).sum())
