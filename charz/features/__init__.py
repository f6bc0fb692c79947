"""Features: one number, or a few, computed from a sample.

An item is a module with

``compute(sample) -> float | dict[str, float]``
    The value, or one per name in ``OUTPUTS``; NaN where it is not defined for this sample.
``RANGE``
    ``(low, high)``, inclusive, infinities allowed: every value lies in it or is NaN.
``INVARIANT``
    A subset of ``{"rows", "rotation", "shift", "scale", "labels"}``: what may change without
    changing the value: the order of rows; an orthogonal map of the space; a translation; one
    positive factor on the space; the names (codes) of the classes.
``OUTPUTS`` (only where there are several numbers)
    Their names; each is stored as ``<module>_<output>``.

The docstring gives formula, source and cost.
"""
