"""The frozen records that pass between floors. No behaviour beyond parsing and naming."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, quote, unquote

from charz.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]
    Ints = NDArray[np.integer[Any]]

_KIND = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class EncoderSpec:
    """The identity of an encoder: ``KIND:NAME[@REV][?option=value&...]``.

    Two spellings of one encoder parse to equal specs; ``str`` gives the canonical one, with
    options sorted and percent-encoded where a delimiter would be ambiguous.

    >>> spec = EncoderSpec.parse("st:org/model@v1?pooling=cls&layer=3")
    >>> spec.kind, spec.name, spec.revision, dict(spec.options)
    ('st', 'org/model', 'v1', {'layer': '3', 'pooling': 'cls'})
    >>> str(spec)
    'st:org/model@v1?layer=3&pooling=cls'
    """

    kind: str
    name: str = ""
    revision: str | None = None
    options: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> EncoderSpec:
        """Read a spec.

        Raises
        ------
        InputError
            When the text has no ``KIND:``, an option has no value or stands twice.
        """
        kind, colon, rest = text.strip().partition(":")
        if not colon or not _KIND.fullmatch(kind):
            raise InputError(
                f"'{text}' is no encoder spec",
                "write KIND:NAME[@REV][?layer=..&pooling=..], e.g. 'tfidf:' or 'st:org/model'",
            )
        place, _, query = rest.partition("?")
        name, at, revision = place.rpartition("@")
        if not at:
            name, revision = place, ""
        return cls(kind, unquote(name), unquote(revision) or None, _options(text, query))

    @property
    def settings(self) -> dict[str, str]:
        """The options as a dict."""
        return dict(self.options)

    def replace(self, **settings: str | None) -> EncoderSpec:
        """Return this spec with options set, or dropped where the value is None.

        >>> str(EncoderSpec.parse("tfidf:?dims=64").replace(dims="128"))
        'tfidf:?dims=128'
        """
        merged = self.settings | settings
        kept = sorted((key, value) for key, value in merged.items() if value is not None)
        return EncoderSpec(self.kind, self.name, self.revision, tuple(kept))

    def __str__(self) -> str:
        revision = f"@{quote(self.revision, safe='')}" if self.revision else ""
        pairs = (f"{key}={quote(value, safe='/:,.')}" for key, value in self.options)
        query = "&".join(pairs)
        name = quote(self.name, safe="/:,. ~")
        return f"{self.kind}:{name}{revision}" + (f"?{query}" if query else "")


def _options(text: str, query: str) -> tuple[tuple[str, str], ...]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError as error:
        raise InputError(f"'{text}' has options that do not parse", "write ?a=1&b=2") from error
    if len({key for key, _ in pairs}) < len(pairs):
        raise InputError(f"'{text}' sets an option twice", "keep one of them")
    return tuple(sorted(pairs))


@dataclass(frozen=True)
class EncoderFacts:
    """What is known of an encoder once its files were read.

    ``lineage`` names the base model that fine-tuned, quantised or re-pooled twins share:
    encoders of one lineage are held out together. ``fingerprint`` is a hash of weights (or
    of settings, where there are none). ``is_fitted`` encoders learn from the training split;
    ``is_control`` ones are untrained. ``n_dims`` is None until a fitted encoder has run.
    """

    spec: EncoderSpec
    lineage: str
    fingerprint: str
    n_dims: int | None = None
    n_layers: int | None = None
    layer: int | None = None
    pooling: str | None = None
    prompt: str | None = None
    max_tokens: int | None = None
    n_parameters: int | None = None
    is_normalized: bool = False
    is_fitted: bool = False
    is_control: bool = False
    license: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Examples:
    """The rows of one split: ``pairs`` is None for single texts, ``labels`` for unlabelled rows."""

    texts: tuple[str, ...]
    labels: tuple[str, ...] | None = None
    pairs: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class DatasetFacts:
    """What a source knows of a dataset besides its rows.

    ``group`` joins datasets that share texts or origin (held out together);
    ``label_family`` joins datasets with the same labels in another domain (used for shift).
    """

    name: str
    source: str
    group: str
    label_family: str | None = None
    task: str | None = None
    language: str | None = None
    license: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Dataset:
    """A labelled dataset with splits ``train`` and ``test``, as a source hands it over.

    ``skipped`` counts the rows left out, by reason.
    """

    facts: DatasetFacts
    train: Examples
    test: Examples
    skipped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Draw:
    """An ordering of rows with the labels to train on: every prefix is a subset.

    ``rows`` are indices into the split, int64 (n,); ``labels`` class codes, int64 (n,),
    which differ from the split's own only where a sampler adds noise.
    """

    rows: Ints
    labels: Ints

    def head(self, size: int) -> Draw:
        """Return the first ``size`` rows."""
        return Draw(self.rows[:size], self.labels[:size])


@dataclass(frozen=True)
class Prediction:
    """A probe's answer for one training subset.

    Attributes
    ----------
    probabilities : list of float arrays (n_eval, n_classes)
        One per eval array, rows summing to 1.
    cv_probabilities : float array (n_train, n_classes) or None
        Out-of-fold probabilities at the chosen setting.
    chosen : float or None
        The chosen hyperparameter (C, alpha, k), or its place in the probe's grid (svm, mlp,
        boosting) or among its members (vote).
    gap : float or None
        Relative objective gap of the fit, where the solver certifies one.
    seconds : float
        CPU seconds of the fit.
    """

    probabilities: list[Floats]
    cv_probabilities: Floats | None = None
    chosen: float | None = None
    gap: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Summary:
    """What a step did: units of its own kind done, failed (and why), and left for later.

    ``counts`` is what passed through on the way, by name: of embed, ``texts`` and ``tokens``
    encoded, and ``kept``, texts that an earlier run had encoded before it was stopped.
    """

    step: str
    done: int = 0
    failed: int = 0
    left: int = 0
    seconds: float = 0.0
    unit: str = "rows"
    notes: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


class Progress(Protocol):
    """How a step tells the talkative side of a command where it is."""

    def start(self, step: str, total: int, unit: str) -> None:
        """Begin a step of ``total`` units."""

    def advance(self, n: int = 1, note: str = "") -> None:
        """Say that ``n`` more units are done."""

    def flow(self, counts: Mapping[str, int], within: float) -> None:
        """Say what has passed through so far, by name, and how many units' worth is under way."""

    def warn(self, message: str) -> None:
        """Say something that the user should know."""


class Silence:
    """The progress that says nothing: the default of every step."""

    def start(self, step: str, total: int, unit: str) -> None:
        """Say nothing."""

    def advance(self, n: int = 1, note: str = "") -> None:
        """Say nothing."""

    def flow(self, counts: Mapping[str, int], within: float) -> None:
        """Say nothing."""

    def warn(self, message: str) -> None:
        """Say nothing."""
