"""What a cell costs in seconds: as measured in the registry, or predicted from size and tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from charz.completion import _plan
from charz.schema import Encoder, Probe, Result
from charz.steps._ranking import CHARS_PER_TOKEN, RATE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from charz.records import Floats
    from charz.store import Store

N_DRAWS = 10
FIT = 0.1
"""Seconds of one fit of the probe ``mteb`` where none was measured."""


@dataclass(frozen=True)
class Speeds:
    """How fast this registry's machines are.

    Attributes
    ----------
    rate : float
        Operations per second: the median of encoders that were timed, else `RATE`.
    per_1k_tokens : dict
        Seconds per 1,000 tokens by spec.
    fit : float
        Seconds of one fit.
    """

    rate: float
    per_1k_tokens: dict[str, float]
    fit: float


def speeds(store: Store | None) -> Speeds:
    """Return what a registry knows of speed."""
    if store is None:
        return Speeds(RATE, {}, FIT)
    columns = (Encoder.spec, Encoder.seconds_per_1k_tokens, Encoder.n_parameters)
    timed = store.rows(sa.select(*columns).where(Encoder.seconds_per_1k_tokens > 0))
    rates = [2e3 * row["n_parameters"] / row["seconds_per_1k_tokens"] for row in timed
             if row["n_parameters"]]  # fmt: skip
    fits = store.rows(
        sa.select(sa.func.avg(Result.fit_seconds).label("fit"))
        .join_from(Result, Probe, Probe.id == Result.probe_id)
        .where(Probe.name == "mteb")
    )
    return Speeds(
        float(np.median(rates)) if rates else RATE,
        {row["spec"]: row["seconds_per_1k_tokens"] for row in timed},
        float(fits[0]["fit"] or FIT),
    )


def seconds(
    known: Speeds,
    encoders: pd.DataFrame,
    specs: Mapping[str, str],
    n_texts: int,
    mean_chars: float,
) -> Floats:
    """Return the seconds of one cell of each encoder, (encoders,): texts encoded and ten fits.

    Parameters
    ----------
    known : Speeds
    encoders : DataFrame
        Facts by the record's names.
    specs : mapping
        Local specs by the record's names: where such a one was timed, that counts.
    n_texts, mean_chars
        Of the task.
    """
    tokens = mean_chars / CHARS_PER_TOKEN
    found = _plan.seconds(encoders["n_params"].to_numpy(), n_texts, tokens, known.rate)
    for place, name in enumerate(encoders.index):
        timed = known.per_1k_tokens.get(specs.get(name, ""))
        if timed is not None:
            found[place] = timed * n_texts * tokens / 1000
    return np.asarray(found + N_DRAWS * known.fit)


def basis(known: Speeds, spec: str | None) -> str:
    """Return whether a cell's seconds were ``measured`` or ``predicted``."""
    return "measured" if spec in known.per_1k_tokens else "predicted"


def texts(rows: Any) -> int:
    """Return how many texts the splits of a dataset have."""
    return int(sum(row["n_rows"] for row in rows))
