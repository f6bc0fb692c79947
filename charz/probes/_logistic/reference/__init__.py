"""The solver in NumPy: the algorithm to be read, and to fall back on where Numba is missing.

``losses`` holds the elementwise mathematics of both forms, ``lbfgs`` minimises, ``certificate``
bounds what is left, ``path`` runs the grid of C with all folds.
"""
