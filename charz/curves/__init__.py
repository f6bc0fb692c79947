"""Learning-curve families, one per file.

An item is a module with ``fit(n, score, noise=None) -> tuple of parameters`` and
``value(n, parameters) -> ndarray``; scores are accuracies in [0, 1], ``noise`` their standard
errors. Parameters are NaN where the sizes are too few to fix them.

Beside the shelf stand what a sample says of its own curve (`charz.curves._pilot`) and what the
reference taught of all curves (`charz.curves._prior`).
"""
