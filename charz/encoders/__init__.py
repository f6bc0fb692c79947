"""Encoders: text to vector, one kind per file.

An item is a module with

``OPTIONS``
    The names of the options that its specs may carry.
``describe(spec) -> EncoderFacts``
    Read configuration and weights' fingerprint; never needs to run the model.
``checkpoint(spec) -> str``
    A key; specs with equal keys share one pass over the texts.
``load(specs) -> Loaded``
    An object for specs of one checkpoint, with ``encode(texts) -> list of float32 arrays
    (len(texts), n_dims)``, one per spec in order, and ``n_tokens``: the tokens read so far.
    A fitted kind (``is_fitted``) also has ``fit(texts)``, called first, on training texts.

Kinds see single, distinct texts: pairs, repeats and order are the embed step's business.
"""
