"""Probes: classifier families with their rule for choosing hyperparameters.

An item is a module with

``predict(X, draws, X_evals, n_classes, **parameters) -> Iterator[Prediction]``
    For every `Draw` of training rows (into the pool ``X``, (N, n_dims)) its `Prediction` on
    each of ``X_evals``, in order. All draws of one (encoder, dataset) come in one call, so
    that a probe may share work among them; an answer never depends on which others came
    along. A draw with a single class gives that class probability 1.
``PARAMETERS``
    Its parameters and their defaults.
"""
