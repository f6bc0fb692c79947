"""Samplers: how training subsets are drawn from a split.

An item is a module with

``draw(y, n_classes, seed, **parameters) -> Draw``
    An ordering of rows of the split with labels ``y`` (codes, int64 (n,)), of which every
    prefix is a subset: sizes of one seed are nested. May leave rows out.
``PARAMETERS``
    Its parameters and their defaults.
``EVALUATE``
    ``"same"``: eval rows come from the same dataset; ``"family"``: from every other dataset
    of the same label family.
``PER_CLASS`` (optional)
    True where a protocol's sizes count rows per class rather than rows in all.
``pool(y, n_classes, seed, **parameters) -> Draw`` (optional)
    Rows that another dataset of the label family adds to every subset, of its split with labels
    ``y``; each subset is then drawn alone and once more with every such dataset.

A draw depends on nothing but its arguments, on every platform: randomness comes only from
`charz.samplers._random`.
"""
