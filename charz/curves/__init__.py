"""Learning-curve families, one per file.

An item is a module with ``fit(n, score) -> tuple of parameters`` and
``value(n, parameters) -> ndarray``; scores are accuracies in [0, 1].
"""
