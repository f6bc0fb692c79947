"""Completion: which accuracy an encoder would reach on a task that nobody ran it on.

A record of cells is laid out as a grid (tasks, encoders) on the probit scale. An item says how
a new line of the grid is distributed before anything on it was measured; what is measured then
conditions that Gaussian, or mixture of Gaussians, in closed form, the same way for every item
(`charz.completion._gaussian`, `charz.completion._mixture`).

An item is a module with

``fit(grid) -> dict[str, ndarray]``
    From a `charz.completion._grid.Grid`: everything the model is, as named arrays without
    objects.
``prior(model, axis, x) -> Gaussian``
    For ``axis`` "tasks" the joint distribution of a new task's scores over the grid's encoders,
    for "encoders" that of a new encoder's over the grid's tasks. ``x`` (features,) are the new
    one's facts as `charz.completion._facts` encodes them.

Values are on the grid's scale; `charz.completion._model` answers in accuracies.
"""
