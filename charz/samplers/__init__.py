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
``task(y, n_classes, seed, **parameters) -> int array (n_classes,)`` (optional)
    Each class's code in the seed's own task, -1 where it has no part in it. Eval rows are chosen
    and relabelled by ``relabelled(labels, codes, seed)``. Such a sampler's seeds begin at 1, and
    its eval rows have seeds as well.
``PER_CLASS`` (optional)
    True where a protocol's sizes count rows per class rather than rows in all.
``acquire(X, y, n_classes, seed, **parameters) -> Draw`` (optional)
    Draws by the vectors ``X`` (n, n_dims) of the encoder that the parameter ``encoder`` names;
    the step calls it in place of ``draw`` once that encoder has embedded the split, and only that
    encoder is measured on what it draws.
``n_rows(y, n_classes, size) -> int`` (optional, beside ``PER_CLASS``)
    The rows that a size comes to, where a class may have fewer. Without it a size that some
    class cannot fill is that many rows of the others.
``pool(y, n_classes, seed, **parameters) -> Draw`` (optional)
    Rows that another dataset of the label family adds to every subset, of its split with labels
    ``y``; each subset is then drawn alone and once more with every such dataset.

A draw depends on nothing but its arguments, on every platform: randomness comes only from
`charz.samplers._random`, or from a published benchmark's own generator.
"""
