"""Heads: the classifier on top of an encoder's vectors, and which one to take.

A head is a probe of the shelf that may be deployed. All heads are cross-validated on a sample
(`_measured`); a selector that learned from a registry (`_selector`) shrinks what their scores say
to what such scores were worth on other datasets.
"""

from __future__ import annotations

HEADS = ("logistic", "ridge", "centroid", "knn", "lda", "svm", "mlp", "boosting", "vote")
"""Names on the probes shelf: the one that others are compared with first, who asks others last."""

LINEAR = frozenset({"logistic", "ridge", "centroid", "lda"})
"""Heads whose classes are parted by hyperplanes."""
