"""Lines of the grid that a plan is made for: a task over encoders, given what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from charz import pending
from charz.completion import _choose, _model, _plan, _scale
from charz.completion._gaussian import Gaussian
from charz.records import EncoderSpec
from charz.schema import Dataset, Encoder, Probe, Protocol, Result, Split, Subset
from charz.steps import _costs, _placing

if TYPE_CHECKING:
    from charz.completion._model import Model
    from charz.records import Floats
    from charz.steps._placed import Task
    from charz.store import Store

PROTOCOL = "mteb"
N_DRAWS = 10


@dataclass(frozen=True)
class Line:
    """One task over encoders of the record.

    Attributes
    ----------
    task : str or None
    names : list of str
        Encoders of the record.
    joint : Gaussian
        Over them, given what was measured.
    noise, cost : arrays (encoders,)
        Variance of a measurement on the probit scale, and seconds of it.
    allowed : bool array (encoders,)
        Which may be measured.
    specs : dict
        Local specs by name.
    """

    task: str | None
    names: list[str]
    joint: Gaussian
    noise: Floats
    cost: Floats
    allowed: np.ndarray
    specs: dict[str, str]

    def after(self, place: int) -> Line:
        """Return the line as if a place had been measured and had come out as expected."""
        S, allowed = self.joint.covariance, self.allowed.copy()
        allowed[place] = False
        fallen = S - np.outer(S[place], S[place]) / (S[place, place] + self.noise[place])
        return replace(self, joint=replace(self.joint, covariance=fallen), allowed=allowed)

    def without(self, place: int) -> Line:
        """Return the line with a place that may not be measured."""
        allowed = self.allowed.copy()
        allowed[place] = False
        return replace(self, allowed=allowed)

    def following(self, goal: str) -> _plan.Next | None:
        """Return the next cell of this line, None where none is left."""
        if not self.allowed.any():
            return None
        return _plan.following(self.joint, self.noise, self.cost, self.allowed, goal)


def local(store: Store, model: Model, encoders: Sequence[int] | None = None) -> dict[str, str]:
    """Return specs of the registry's encoders that can be run, by the record's names of them."""
    query = sa.select(Encoder.id, Encoder.spec).order_by(Encoder.id)
    rows = store.rows(query.where(Encoder.kind.not_in(pending.RECORDED), ~pending.only_reference()))
    found: dict[str, str] = {}
    for row in rows:
        name, _ = _placing.recognised(EncoderSpec.parse(row["spec"]), model.encoders)
        if name is not None and (encoders is None or row["id"] in encoders):
            found.setdefault(name, row["spec"])
    return found


def of_texts(
    model: Model, task: Task, kept: np.ndarray, specs: Mapping[str, str], known: _costs.Speeds
) -> Line:
    """Return the line of a user's own texts."""
    joint = _model.new_task(model, task.scores, task.described, task.error)
    n_texts = 0 if task.texts is None else len(task.texts.pool) + len(task.texts.test)
    facts = dict(task.facts)
    return _line(model, task.name, joint, kept, set(task.scores), facts, n_texts, specs, known)


def of_dataset(
    store: Store,
    model: Model,
    dataset: Mapping[str, Any],
    kept: np.ndarray,
    specs: Mapping[str, str],
    known: _costs.Speeds,
) -> Line:
    """Return the line of a dataset of the registry, given its results under the protocol."""
    scores = measured(store, dataset["id"], specs)
    facts = {"n_classes": dataset["n_classes"], "mean_chars": dataset["mean_chars"],
             "languages": _codes(dataset), "domains": tuple(dataset["domains"] or ())}  # fmt: skip
    facts = {name: value for name, value in facts.items() if value}
    joint = _model.new_task(model, scores, _choose.task_facts(facts))
    splits = store.rows(sa.select(Split.n_rows).where(Split.dataset_id == dataset["id"]))
    n_texts = _costs.texts(splits)
    return _line(model, dataset["name"], joint, kept, set(scores), facts, n_texts, specs, known)


def _codes(dataset: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted({each.split("-")[0] for each in dataset["languages"] or ()}))


def _line(
    model: Model,
    name: str | None,
    joint: Gaussian,
    kept: np.ndarray,
    scored: set[str],
    facts: Mapping[str, Any],
    n_texts: int,
    specs: Mapping[str, str],
    known: _costs.Speeds,
) -> Line:
    places = np.flatnonzero(kept)
    rows = model.encoders.iloc[places]
    joint = joint.only(places)
    mean_chars = float(facts.get("mean_chars") or np.nanmedian(model.tasks["mean_chars"]))
    cost = _costs.seconds(known, rows, specs, n_texts, mean_chars)
    error = np.median(model.noise) * _scale.slope(_scale.to_accuracy(joint.mean))
    names = list(rows.index)
    can = [each in specs or is_open is not False for each, is_open in
           zip(names, rows["open"], strict=True)]  # fmt: skip
    allowed = np.array(can, dtype=bool) & np.array([each not in scored for each in names])
    held = {each: spec for each, spec in specs.items() if each in set(names)}
    return Line(name, names, joint, error**2, cost, allowed, held)


def measured(store: Store, dataset_id: int, specs: Mapping[str, str]) -> dict[str, float]:
    """Return accuracies under the protocol, by the record's names, where all draws are there."""
    train, eval_ = aliased(Subset), aliased(Subset)
    query = (
        sa.select(Encoder.spec, sa.func.avg(Result.accuracy).label("accuracy"))
        .join_from(Result, Encoder, Encoder.id == Result.encoder_id)
        .join(train, train.id == Result.train_subset_id)
        .join(eval_, eval_.id == Result.eval_subset_id)
        .join(Protocol, Protocol.id == train.protocol_id)
        .join(Probe, Probe.id == Result.probe_id)
        .where(Protocol.name == PROTOCOL, Probe.name == PROTOCOL, eval_.parent_id.is_(None))
        .where(train.labels_of_id == dataset_id, eval_.labels_of_id == dataset_id)
        .group_by(Encoder.spec)
        .having(sa.func.count(sa.distinct(train.seed)) >= N_DRAWS)
    )
    found = {row["spec"]: float(row["accuracy"]) for row in store.rows(query)}
    return {name: found[spec] for name, spec in specs.items() if spec in found}


def datasets(store: Store) -> list[dict[str, Any]]:
    """Return the datasets whose texts are here, by name."""
    there = sa.exists().where(Split.dataset_id == Dataset.id, Split.examples_hash.is_not(None))
    return [dict(row) for row in store.rows(sa.select(Dataset).where(there).order_by(Dataset.name))]
