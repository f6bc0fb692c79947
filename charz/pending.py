"""What is still to do: the anti-joins that the steps ask the store. Statements only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Select
from sqlalchemy.orm import aliased

from charz.schema import (
    Dataset,
    Embedding,
    Encoder,
    FeatureValue,
    Probe,
    Protocol,
    ProtocolProbe,
    Result,
    Run,
    Split,
    Subset,
)

Statement: TypeAlias = Select[*tuple[Any, ...]]

REFERENCE = "import reference"
"""The command of the runs that bring in figures: what only they know of asks for no work."""
RECORDED = ("imported", "mteb")
"""Kinds of encoders that are names alone: only what others published of them is known."""
ACQUIRED = "acquired"
"""The sampler whose draws depend on the encoder that its protocol names."""

TRAINING = "fine_tune"
"""The probe that trains encoders themselves: those of kinds that have weights to train."""
TRAINABLE = ("st",)

_Train = aliased(Subset, name="train")
_Eval = aliased(Subset, name="eval")


@dataclass(frozen=True)
class Choice:
    """Which samples are asked for: all, unless it says otherwise.

    Attributes
    ----------
    protocols : tuple of int, optional
        Ids of the protocols that drew them.
    n_seeds : int, optional
        Only training subsets of seeds below this.
    whole_eval : bool
        Only the largest eval subset of each split.
    """

    protocols: tuple[int, ...] | None = None
    n_seeds: int | None = None
    whole_eval: bool = False


def only_reference() -> sa.ColumnElement[bool]:
    """Return whether an encoder is known from imported figures alone: nobody ingested it."""
    return sa.exists().where(Run.id == Encoder.run_id, Run.command == REFERENCE)


def embeddings() -> Statement:
    """Return (encoder_id, split_id, basis_id) that have no vectors yet.

    Every encoder that was ingested embeds every split; a fitted one also the split of each
    shifted or pooled subset, fitted on the dataset that was trained on.
    """
    own = (
        sa.select(
            Encoder.id.label("encoder_id"),
            Split.id.label("split_id"),
            Split.dataset_id.label("basis_id"),
        )
        .join_from(Encoder, Split, sa.true())
        .where(Split.examples_hash.is_not(None), Encoder.kind.not_in(RECORDED), ~only_reference())
    )
    foreign = (
        sa.select(Encoder.id, Subset.split_id, Subset.labels_of_id)
        .join_from(Encoder, Subset, sa.true())
        .join(Split, Split.id == Subset.split_id)
        .where(
            Encoder.is_fitted,
            Encoder.kind.not_in(RECORDED),
            ~only_reference(),
            Split.dataset_id != Subset.labels_of_id,
            Split.examples_hash.is_not(None),
        )
    )
    needed = sa.union(own, foreign).subquery()
    there = sa.exists().where(
        Embedding.encoder_id == needed.c.encoder_id,
        Embedding.split_id == needed.c.split_id,
        Embedding.basis_id == needed.c.basis_id,
    )
    return (
        sa.select(needed.c.encoder_id, needed.c.split_id, needed.c.basis_id)
        .where(~there)
        .order_by(needed.c.basis_id, needed.c.split_id, needed.c.encoder_id)
    )


def _basis(subset: type[Subset], split: type[Split]) -> sa.ColumnElement[int]:
    """Return the dataset that an embedding of this subset must be fitted on."""
    return sa.case((Encoder.is_fitted, subset.labels_of_id), else_=split.dataset_id)


def samples() -> Statement:
    """Return (encoder_id, train_subset_id, eval_subset_id, dataset_id) that could be measured.

    A train and an eval subset belong together when one protocol drew them, their labels use
    the classes of one dataset, and the eval subset is for every seed (0) or the training one's
    own; both splits must be embedded, and that of a pooled subset's base. What was acquired by
    an encoder is measured with that encoder alone.
    """
    train_split, eval_split = aliased(Split), aliased(Split)
    train_vectors, eval_vectors = aliased(Embedding), aliased(Embedding)
    return (
        sa.select(
            Encoder.id.label("encoder_id"),
            _Train.id.label("train_subset_id"),
            _Eval.id.label("eval_subset_id"),
            _Train.labels_of_id.label("dataset_id"),
        )
        .join_from(_Train, _Eval, sa.and_(
            _Eval.protocol_id == _Train.protocol_id,
            _Eval.labels_of_id == _Train.labels_of_id,
            _Eval.role == "eval",
            _Eval.seed.in_((0, _Train.seed)),
        ))
        .join(eval_split, eval_split.id == _Eval.split_id)
        .join(train_split, train_split.id == _Train.split_id)
        .join(Protocol, Protocol.id == _Train.protocol_id)
        .join(Encoder, sa.or_(
            Protocol.sampler != ACQUIRED,
            Protocol.parameters["encoder"].as_string() == Encoder.spec,
        ))
        .join(train_vectors, sa.and_(
            train_vectors.encoder_id == Encoder.id,
            train_vectors.split_id == _Train.split_id,
            train_vectors.basis_id == _basis(_Train, train_split),
        ))
        .join(eval_vectors, sa.and_(
            eval_vectors.encoder_id == Encoder.id,
            eval_vectors.split_id == _Eval.split_id,
            eval_vectors.basis_id == _basis(_Eval, eval_split),
        ))
        .where(
            _Train.role == "train",
            _Train.members_hash.is_not(None),
            _Eval.members_hash.is_not(None),
            sa.or_(_Train.base_id.is_(None), _base_is_embedded()),
        )
    )  # fmt: skip


def _base_is_embedded() -> sa.ColumnElement[bool]:
    base, vectors = aliased(Subset), aliased(Embedding)
    there = sa.select(vectors.encoder_id).join_from(
        vectors,
        base,
        sa.and_(base.split_id == vectors.split_id, base.labels_of_id == vectors.basis_id),
    )
    return (
        there.where(vectors.encoder_id == Encoder.id, base.id == _Train.base_id)
        .correlate(Encoder, _Train)
        .exists()
    )


def _is_pooled() -> sa.ColumnElement[bool]:
    """Return whether a training subset is pooled, or the base of one: measured for its gain."""
    pooled = aliased(Subset)
    is_base = sa.exists().where(pooled.base_id == _Train.id).correlate(_Train)
    return sa.or_(_Train.base_id.is_not(None), is_base)


def _conditions(choice: Choice) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if choice.protocols is not None:
        conditions.append(_Train.protocol_id.in_(choice.protocols))
    if choice.n_seeds is not None:
        conditions.append(_Train.seed < choice.n_seeds)
    if choice.whole_eval:
        conditions.append(_Eval.parent_id.is_(None))
    return conditions


def cells(choice: Choice | None = None) -> Statement:
    """Return chosen samples with a probe_id of their protocol that have no result yet."""
    measured = sa.exists().where(
        Result.encoder_id == Encoder.id,
        Result.train_subset_id == _Train.id,
        Result.eval_subset_id == _Eval.id,
        Result.probe_id == ProtocolProbe.probe_id,
    )
    return (
        samples()
        .join(ProtocolProbe, ProtocolProbe.protocol_id == _Train.protocol_id)
        .join(Probe, sa.and_(
            Probe.id == ProtocolProbe.probe_id,
            sa.or_(Probe.name != TRAINING, Encoder.kind.in_(TRAINABLE)),
        ))
        .add_columns(ProtocolProbe.probe_id.label("probe_id"))
        .where(~measured, *_conditions(choice or Choice()))
    )  # fmt: skip


def uncharacterized(feature_ids: Collection[int], choice: Choice | None = None) -> Statement:
    """Return chosen samples that lack the value of at least one of these features.

    Samples of pooled or acquired rows are for comparing results, not for learning from.
    """
    values = (
        sa.select(sa.func.count())
        .where(
            FeatureValue.encoder_id == Encoder.id,
            FeatureValue.train_subset_id == _Train.id,
            FeatureValue.eval_subset_id == _Eval.id,
            FeatureValue.feature_id.in_(feature_ids),
        )
        .correlate(Encoder, _Train, _Eval)
        .scalar_subquery()
    )
    is_random = (~_is_pooled(), Protocol.sampler != ACQUIRED)
    lacking = samples().where(values < len(feature_ids), *is_random)
    return lacking.where(*_conditions(choice or Choice()))


def of_unit(statement: Statement, encoder_id: int, dataset_id: int) -> Statement:
    """Keep the rows of one unit of work: one encoder on one training dataset."""
    return statement.where(Encoder.id == encoder_id, _Train.labels_of_id == dataset_id)


def units(statement: Statement) -> Statement:
    """Return (encoder_id, dataset_id, n) : the units of work in a statement, and their size."""
    rows = statement.subquery()
    return (
        sa.select(rows.c.encoder_id, rows.c.dataset_id, sa.func.count().label("n"))
        .group_by(rows.c.encoder_id, rows.c.dataset_id)
        .order_by(rows.c.dataset_id, rows.c.encoder_id)
    )


def protocols() -> Statement:
    """Return every (protocol, dataset with examples): where subsets are drawn.

    A protocol without sizes came with figures and asks for nothing until it is declared.
    """
    with_examples = sa.exists().where(
        Split.dataset_id == Dataset.id, Split.examples_hash.is_not(None)
    )
    return (
        sa.select(Protocol.id.label("protocol_id"), Dataset.id.label("dataset_id"))
        .join_from(Protocol, Dataset, sa.true())
        .where(with_examples, Protocol.sizes.is_not(None))
        .order_by(Protocol.id, Dataset.id)
    )
