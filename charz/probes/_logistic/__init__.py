"""The solver behind the logistic probe: exact, batched over folds, warm along C.

``folds`` splits rows, ``coordinates`` shrinks and rotates the space, ``losses`` holds the
elementwise mathematics of both forms, ``lbfgs`` minimises, ``certificate`` bounds what is
left, ``path`` runs the C grid with all folds.
"""
