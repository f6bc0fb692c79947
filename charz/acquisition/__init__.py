"""Acquisition: strategies that say which rows of a pool to label next.

An item is a module with

``pick(pool, budget, seed) -> Picks``
    At most ``budget`` of the pool's `candidates`, the best first, each with the value it was
    picked for. See `charz.acquisition._pool` for what a strategy may see.
``REASON``
    Why a row was picked, in words, with ``{value}`` in them.
``SEQUENTIAL``
    True where labels do not matter, and picking 20 rows and, once they are labelled, 30 more is
    picking 50.
``NEEDS_CLASSES``
    True where the strategy asks a probe: until two classes are labelled ``COLD``, another item,
    picks in its place.
``COLD``
    That item, where ``NEEDS_CLASSES``.

A pick depends on nothing but its arguments: randomness comes only from
`charz.samplers._random`, keyed by the seed and the number of labelled rows.
"""
