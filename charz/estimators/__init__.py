"""Estimators: what the deployed probe's eval accuracy will be, from a sample alone.

An item is a module with ``estimate(sample) -> float`` in [0, 1] (NaN where undefined) and
``INVARIANT`` as on the features shelf. Each is a feature and a baseline at once. The docstring
gives formula, source and cost.
"""
