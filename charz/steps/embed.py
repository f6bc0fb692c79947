"""Embed: every split under every encoder.

Reads texts; writes embedding artifacts and their rows. All encoders of one checkpoint come
from one pass over a split's distinct texts. A long pass is kept chunk by chunk, and a run
that was stopped in it is taken up there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from charz import chunks, pending, shelf
from charz.errors import InputError
from charz.records import EncoderSpec, Progress, Silence, Summary
from charz.schema import Artifact, Embedding, Encoder
from charz.steps import _encode, _examples, _filters, _resume, _units
from charz.store import Store

DTYPES = ("float32", "float16")


def run(
    store: Store,
    *,
    encoders: Sequence[str] = (),
    datasets: Sequence[str] = (),
    dtype: str = "float32",
    workers: int = 1,
    deadline: float | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Embed what is pending; what was lost from the artifacts is made again.

    Parameters
    ----------
    encoders, datasets : sequences of str
        Names or patterns with ``*``; all when empty.
    dtype : {"float32", "float16"}
        How vectors are kept.
    workers : int
        Processes.
    deadline : float, optional
        A `time.monotonic` value after which no unit begins.

    Raises
    ------
    UnknownNameError
        When a pattern matches nothing.
    InputError
        When the dtype is none of the two.
    """
    if dtype not in DTYPES:
        raise InputError(f"'{dtype}' is no way to keep vectors", "choose float32 or float16")
    specs = _filters.encoders(store, encoders)
    names = _filters.datasets(store, datasets)
    chunks.sweep(store.artifacts)
    return _units.run(
        "embed",
        store,
        _embed,
        _units_of(_missing(store), specs, names, dtype),
        noun="embeddings",
        workers=workers,
        threads=None,
        deadline=deadline,
        progress=progress or Silence(),
    )


@dataclass(frozen=True)
class _Job:
    """Encoders of one checkpoint, by id and spec, on one split."""

    encoders: tuple[tuple[int, str], ...]
    split_id: int
    basis_id: int
    dtype: str


_Key = tuple[int, int, int]
_Row = tuple[str, int, int, int]  # checkpoint, basis, split, encoder


def _missing(store: Store) -> list[_Key]:
    """Return (encoder, split, basis) to embed: the pending ones and those lost on disk."""
    rows = store.rows(pending.embeddings())
    wanted = [(row["encoder_id"], row["split_id"], row["basis_id"]) for row in rows]
    lost = [
        (row["encoder_id"], row["split_id"], row["basis_id"])
        for row in store.rows(_stored())
        if not store.artifacts.has(row["hash"], row["suffix"])
    ]
    return wanted + lost


def _there(store: Store, job: _Job) -> set[int]:
    """Return the encoders of a job whose vectors are there."""
    place = (Embedding.split_id == job.split_id, Embedding.basis_id == job.basis_id)
    return {
        row["encoder_id"]
        for row in store.rows(_stored().where(*place))
        if store.artifacts.has(row["hash"], row["suffix"])
    }


def _stored() -> pending.Statement:
    return sa.select(
        Embedding.encoder_id, Embedding.split_id, Embedding.basis_id, Artifact.hash, Artifact.suffix
    ).join_from(Embedding, Artifact, Embedding.vectors_hash == Artifact.hash)


def _units_of(
    keys: Iterable[_Key], specs: dict[int, str], names: dict[int, str], dtype: str
) -> list[_units.Unit]:
    """Group keys into units: one checkpoint on the splits of one basis, checkpoints together."""
    checkpoints: dict[int, str] = {}
    rows: list[_Row] = []
    for encoder_id, split_id, basis_id in keys:
        if encoder_id not in specs or basis_id not in names:
            continue
        if encoder_id not in checkpoints:
            checkpoints[encoder_id] = _checkpoint(specs[encoder_id])
        rows.append((checkpoints[encoder_id], basis_id, split_id, encoder_id))
    units = []
    for (checkpoint, basis_id), group in groupby(sorted(rows), key=lambda row: row[:2]):
        members = list(group)
        name = f"{checkpoint} on {names[basis_id]}"
        units.append(_units.Unit(name, _jobs(members, specs, dtype), len(members)))
    return units


def _jobs(rows: Iterable[_Row], specs: dict[int, str], dtype: str) -> tuple[_Job, ...]:
    jobs = []
    for (basis_id, split_id), group in groupby(rows, key=lambda row: row[1:3]):
        encoders = tuple((row[3], specs[row[3]]) for row in group)
        jobs.append(_Job(encoders, split_id, basis_id, dtype))
    return tuple(jobs)


def _checkpoint(text: str) -> str:
    """Return the checkpoint's key; the spec itself when it can no longer be read."""
    spec = EncoderSpec.parse(text)
    try:
        return str(shelf.load("encoders", spec.kind).checkpoint(spec))
    except Exception:  # the unit will say what is wrong with it
        return text


def _embed(store: Store, jobs: tuple[_Job, ...]) -> None:
    for job in jobs:
        _embed_split(store, job)


def _embed_split(store: Store, job: _Job) -> None:
    # Asked again here: another run may have done it since the units were listed.
    there = _there(store, job)
    job = replace(job, encoders=tuple(each for each in job.encoders if each[0] not in there))
    if not job.encoders:
        return
    specs = [EncoderSpec.parse(text) for _, text in job.encoders]
    loaded = _loaded(tuple(specs))
    if getattr(loaded, "is_fitted", False):
        loaded = _fitted(tuple(specs), store, job.basis_id)
    examples = _examples.texts(store, store.get("split", id=job.split_id))
    resumed = _resume.Resumed(loaded, specs, store.artifacts, len(specs))
    arrays = _encode.vectors(resumed, specs, examples)
    _write(store, job, arrays, {"seconds": resumed.seconds, "n_tokens": resumed.n_tokens})
    resumed.forget()


@lru_cache(maxsize=1)
def _loaded(specs: tuple[EncoderSpec, ...]) -> Any:
    """Keep one checkpoint in memory per process: units come sorted by checkpoint."""
    return _encode.load(specs)


@lru_cache(maxsize=1)
def _fitted(specs: tuple[EncoderSpec, ...], store: Store, basis_id: int) -> Any:
    """Fit anew for every dataset: what another one taught an encoder is not for this one."""
    loaded = _encode.load(specs)
    train = store.get("split", dataset_id=basis_id, name="train")
    loaded.fit(_encode.texts_of(_examples.texts(store, train)))
    return loaded


def _write(store: Store, job: _Job, arrays: Sequence[NDArray[Any]], cost: dict[str, Any]) -> None:
    kept = [_cast(array, job) for array in arrays]
    stored = [store.artifacts.put_array(array, kind="embedding") for array in kept]
    with store.write() as writer:
        for (encoder_id, _), artifact in zip(job.encoders, stored, strict=True):
            row = cost | {
                "encoder_id": encoder_id,
                "split_id": job.split_id,
                "basis_id": job.basis_id,
                "vectors_hash": writer.artifact(artifact),
                "n_dims": artifact.shape[1] if artifact.shape else 0,
                "run_id": store.run_id,
            }
            writer.put("embedding", [row], update=("vectors_hash", "n_dims", *cost))
            writer.execute(_speed(encoder_id))


def _cast(array: NDArray[Any], job: _Job) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        kept = array.astype(job.dtype)
    if not np.isfinite(kept).all():
        raise InputError(
            f"'{job.encoders[0][1]}' gives values too large for {job.dtype}", "keep it as float32"
        )
    return kept


def _speed(encoder_id: int) -> sa.Update:
    """Set an encoder's CPU seconds per 1,000 tokens from all that it embedded so far."""
    total = sa.select(
        1000 * sa.func.sum(Embedding.seconds) / sa.func.nullif(sa.func.sum(Embedding.n_tokens), 0)
    ).where(Embedding.encoder_id == encoder_id)
    speed = total.scalar_subquery()
    return sa.update(Encoder).where(Encoder.id == encoder_id).values(seconds_per_1k_tokens=speed)
