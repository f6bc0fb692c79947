"""Metamodels: learned maps from features to a metric, stored as plain arrays.

An item is a module with

``fit(features, target, groups, link=None) -> dict[str, ndarray]``
    From a pandas frame of features (rows, NaN allowed), the true metric (rows,) and the
    dataset group of each row: everything the model is, as named arrays without objects.
    ``link`` is the scale to learn on, by default the one that fits the metric's range.
    No model learns from columns that begin with ``_``: what they say may tell rows apart in
    training (``_is_shift``), or is said by the one who asks (``_told_shift``).
``predict(model, features) -> ndarray (rows,)``
    The metric for new rows; columns are matched by name, absent ones count as NaN.
``HEARS_DOMAIN`` (optional)
    True where ``predict`` heeds ``_told_shift`` (`charz.metamodels._domain`); others ignore it.

Intervals are made by `charz.metamodels._conformal`, the same for every item.
"""
