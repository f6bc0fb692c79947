"""Ingest: encoders and datasets enter the registry.

Reads files, hubs and wheels; writes encoder, dataset and split rows, and the examples as
artifacts. Ingesting the same thing again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import sqlalchemy as sa

from charz import pending
from charz.artifacts import Artifact
from charz.encoders import describe, expand
from charz.errors import InputError
from charz.records import Dataset, EncoderFacts, Examples
from charz.schema import Encoder
from charz.store import Store, Writer


def encoder(store: Store, text: str, lineage: str | None = None) -> list[dict[str, Any]]:
    """Register every encoder that ``text`` stands for.

    Parameters
    ----------
    text : str
        A spec; ``layer=0..6`` and ``pooling=mean,cls`` expand to several.
    lineage : str, optional
        The base model, where its files do not name it: encoders of one lineage are held out
        together.

    Returns
    -------
    list of dict
        ``spec``, ``lineage``, ``n_dims``, ``layer``, ``pooling`` and ``new`` of each.

    Raises
    ------
    UnknownNameError, InputError, OfflineError, MissingExtraError
        See `charz.encoders.describe`; also when an encoder's weights are no longer those it
        was registered with.
    """
    every = [describe(spec) for spec in expand(text)]
    if lineage is not None:
        every = [replace(facts, lineage=lineage) for facts in every]
    known = [_known(store, facts) for facts in every]
    changed = ("lineage",) if lineage is not None else ()
    rows = [_encoder_row(store, facts) for facts in every]
    store.put("encoder", rows, update=changed)
    # One that only imported figures knew of becomes this registry's own, to be embedded.
    mine = [row for row, there in zip(rows, known, strict=True) if not there]
    store.put("encoder", mine, update=("run_id", *changed))
    return [
        {
            "spec": str(facts.spec),
            "lineage": facts.lineage,
            "n_dims": facts.n_dims,
            "layer": facts.layer,
            "pooling": facts.pooling,
            "new": not there,
        }
        for facts, there in zip(every, known, strict=True)
    ]


def _known(store: Store, facts: EncoderFacts) -> bool:
    there = store.row("encoder", spec=str(facts.spec))
    if there is not None and there["fingerprint"] != facts.fingerprint:
        raise InputError(
            f"the weights of '{facts.spec}' are no longer those it was registered with",
            "name the new ones apart: another folder or an @revision",
        )
    return there is not None and not _is_brought(store, there)


def _is_brought(store: Store, row: Mapping[Any, Any]) -> bool:
    """Return whether an encoder is known from imported figures alone."""
    brought = sa.select(Encoder.id).where(Encoder.id == row["id"], pending.only_reference())
    return bool(store.rows(brought))


def _encoder_row(store: Store, facts: EncoderFacts) -> dict[str, Any]:
    row = dict(vars(facts))
    spec = row.pop("spec")
    row["extra"] = dict(facts.extra)
    return row | {
        "spec": str(spec),
        "kind": spec.kind,
        "name": spec.name,
        "revision": spec.revision,
        "run_id": store.run_id,
    }


def dataset(store: Store, reference: str, **options: Any) -> dict[str, Any]:
    """Register a dataset and keep its examples.

    Parameters
    ----------
    reference : str
        A file, a folder, or an id that a source knows (``hf:glue/sst2``, ``wheel:bbc_news``).
    **options
        The source's options, e.g. ``label_column``, ``name``, ``group``, ``label_family``.

    Returns
    -------
    dict
        Name, group, sizes, ``new`` and the counts of rows left out, by reason.

    Raises
    ------
    InputError
        When the source cannot be read, or the name belongs to other texts already.
    """
    from charz.sources import _resolve

    read = _resolve.resolve(reference, **options)
    row = _dataset_row(store, read)
    there = store.row("dataset", name=read.facts.name)
    if there is not None and there["fingerprint"] != row["fingerprint"]:
        raise InputError(
            f"the dataset '{read.facts.name}' is registered with other texts",
            "give this one its own name with --name",
        )
    told = [name for name in _FACTS if row[name] is not None]
    if not options.get("group") and row["group_name"] == row["name"]:
        told.remove("group_name")  # nobody said so: a dataset without a group has its own
    _write_dataset(store, row, read, told)
    return {
        "name": row["name"],
        "group": row["group_name"],
        "n_classes": row["n_classes"],
        "n_train": len(read.train),
        "n_test": len(read.test),
        "n_overlap": row["n_overlap"],
        "language": row["language"],
        "new": there is None,
        "skipped": dict(read.skipped),
    }


def _dataset_row(store: Store, read: Dataset) -> dict[str, Any]:
    from charz.sources import _facts

    facts = read.facts
    classes = sorted(set(read.train.labels or ()))
    counts = _class_counts(read.train, classes)
    lengths = _facts.lengths(read.train)
    return {
        "name": facts.name,
        "fingerprint": _facts.fingerprint(read),
        "source": facts.source,
        "group_name": facts.group,
        "label_family": facts.label_family,
        "task": facts.task,
        "language": facts.language or _facts.language(read.train.texts),
        "license": facts.license,
        "n_classes": len(classes),
        "classes": classes,
        "balance": _balance(counts),
        "is_pair": read.train.pairs is not None,
        "median_words": lengths.median,
        "p95_words": lengths.p95,
        "n_overlap": _facts.overlap(read.train, read.test),
        "extra": dict(facts.extra) | {"skipped": dict(read.skipped)},
        "run_id": store.run_id,
    }


def _class_counts(examples: Examples, classes: Sequence[str]) -> list[int]:
    codes = {label: code for code, label in enumerate(classes)}
    labels = [codes[label] for label in examples.labels or ()]
    return [int(n) for n in np.bincount(labels, minlength=len(classes))]


def _balance(counts: Sequence[int]) -> float:
    """Return the labels' entropy over its largest possible value, in [0, 1]."""
    shares = np.asarray(counts) / sum(counts)
    shares = shares[shares > 0]
    return float(np.clip(-(shares * np.log(shares)).sum() / np.log(len(counts)), 0, 1))


_FACTS = ("group_name", "label_family", "task", "license")


def _write_dataset(store: Store, row: dict[str, Any], read: Dataset, told: Sequence[str]) -> None:
    # Artifacts first: a row must never point at something that is not there.
    stored = {
        name: _store_examples(store, examples)
        for name, examples in (("train", read.train), ("test", read.test))
    }
    with store.write() as writer:
        dataset_id = writer.ensure("dataset", row, update=told)
        for name, artifact in stored.items():
            examples = read.train if name == "train" else read.test
            _write_split(writer, dataset_id, name, artifact, examples, row["classes"])


def _store_examples(store: Store, examples: Examples) -> Artifact:
    import pyarrow as pa

    columns = {"text": examples.texts, "label": examples.labels}
    if examples.pairs is not None:
        columns["text_pair"] = examples.pairs
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return store.artifacts.put_table(table, kind="examples")


def _write_split(
    writer: Writer,
    dataset_id: int,
    name: str,
    artifact: Artifact,
    examples: Examples,
    classes: Sequence[str],
) -> None:
    row = {
        "dataset_id": dataset_id,
        "name": name,
        "n_rows": len(examples),
        "class_counts": _class_counts(examples, classes),
        "examples_hash": writer.artifact(artifact),
    }
    writer.put("split", [row], update=("examples_hash",))
