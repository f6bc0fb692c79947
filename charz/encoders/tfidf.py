"""TF-IDF with latent semantic analysis, fitted on the training split.

The lexical baseline: no weights, no download. Words (or characters) are counted as 1- and
2-grams (characters: 2- to 4-grams within words), weighted ``(1 + ln tf) * idf``, scaled to
length one and projected on the leading right singular vectors (Deerwester et al. 1990).

Options: ``dims`` (256), ``analyzer`` (word or char), ``seed`` (0, of the randomised SVD),
``normalize`` (false), ``pair``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from charz.encoders import _options
from charz.encoders._files import of_settings
from charz.errors import InputError
from charz.records import EncoderFacts, EncoderSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPTIONS = ("analyzer", "dims", "normalize", "pair", "seed")
_ANALYZERS = ("word", "char")
_MOST_TERMS = 2**17
_TOKEN = r"(?u)\b\w+\b"  # noqa: S105 - a pattern, not a secret


def describe(spec: EncoderSpec) -> EncoderFacts:
    """Return the facts of a spec; ``n_dims`` is known only once it was fitted."""
    _check(spec)
    analyzer = _options.choice(spec, "analyzer", _ANALYZERS, "word")
    wanted = _options.whole(spec, "dims", 256, low=1, high=4096)
    seed = _options.whole(spec, "seed", 0, low=0, high=2**31)
    return EncoderFacts(
        spec=spec,
        lineage="tfidf",
        fingerprint=of_settings("tfidf", 1, analyzer, wanted, seed, _MOST_TERMS),
        is_normalized=_options.boolean(spec, "normalize", False),
        is_fitted=True,
        extra={"analyzer": analyzer, "most_dims": wanted, "most_terms": _MOST_TERMS},
    )


def checkpoint(spec: EncoderSpec) -> str:
    """Specs share a fit unless analyzer, dims or seed differ."""
    return str(spec.replace(normalize=None, pair=None))


def load(specs: Sequence[EncoderSpec]) -> Fitted:
    """Return an unfitted encoder for specs of one checkpoint."""
    for spec in specs:
        _check(spec)
    return Fitted(specs)


def _check(spec: EncoderSpec) -> None:
    _options.check(spec, OPTIONS)
    _options.refuse_revision(spec)
    if spec.name:
        raise InputError(f"'{spec}' names '{spec.name}', but tfidf: has no names", "write 'tfidf:'")


class Fitted:
    """A TF-IDF vocabulary with its singular vectors."""

    is_fitted = True

    def __init__(self, specs: Sequence[EncoderSpec]) -> None:
        first = specs[0]
        self.n_tokens = 0
        self._normalize = [_options.boolean(spec, "normalize", False) for spec in specs]
        self._analyzer = _options.choice(first, "analyzer", _ANALYZERS, "word")
        self._dims = _options.whole(first, "dims", 256, low=1, high=4096)
        self._seed = _options.whole(first, "seed", 0, low=0, high=2**31)
        self._words = re.compile(_TOKEN)
        self._vectorizer: Any = None
        self._axes: NDArray[np.float32] | None = None

    def fit(self, texts: Sequence[str]) -> None:
        """Learn terms, weights and axes from training texts.

        Raises
        ------
        InputError
            When no text holds a word.
        """
        import numpy as np

        self._vectorizer = _vectorizer(self._analyzer)
        try:
            X = self._vectorizer.fit_transform(texts)
        except ValueError as error:
            raise InputError(
                f"tfidf: found no words in {len(texts)} training texts", "check the text column"
            ) from error
        self._axes = np.ascontiguousarray(_axes(X, self._dims, self._seed).T, dtype=np.float32)

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return one array (len(texts), n_dims) per spec; a text of unknown words is zero."""
        import numpy as np

        from charz.encoders._output import finish

        if self._axes is None:
            raise InputError("tfidf: was asked to encode before it was fitted", "call fit first")
        self.n_tokens += sum(len(self._words.findall(text)) for text in texts)
        n_dims = self._axes.shape[1]
        if not len(texts):
            return [np.zeros((0, n_dims), np.float32) for _ in self._normalize]
        X = self._vectorizer.transform(texts) @ self._axes
        return [finish(X, n_dims, normalize) for normalize in self._normalize]


def _vectorizer(analyzer: str) -> Any:
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        analyzer="word" if analyzer == "word" else "char_wb",
        ngram_range=(1, 2) if analyzer == "word" else (2, 4),
        token_pattern=_TOKEN if analyzer == "word" else None,
        sublinear_tf=True,
        max_features=_MOST_TERMS,
        dtype=np.float32,
    )


def _axes(X: Any, dims: int, seed: int) -> NDArray[np.floating[Any]]:
    """Return the leading right singular vectors of ``X``, (at most dims, n_terms).

    No more than the rank; each vector's largest entry is positive, so signs do not depend
    on the LAPACK at hand.
    """
    import numpy as np
    from sklearn.decomposition import TruncatedSVD

    n_components = min(dims, *X.shape)
    svd = TruncatedSVD(n_components, n_iter=7, random_state=seed).fit(X)
    axes = svd.components_[svd.singular_values_ > 1e-4 * svd.singular_values_[0]]
    largest = np.abs(axes).argmax(axis=1)
    signs: NDArray[np.floating[Any]] = np.sign(axes[np.arange(len(axes)), largest])
    fixed: NDArray[np.floating[Any]] = axes * signs[:, None]
    return fixed
