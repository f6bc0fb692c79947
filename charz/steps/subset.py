"""Subset: draw the training and eval subsets that protocols ask for.

Reads splits and labels; writes subset rows whose members are artifacts. A protocol is the
stored plan of cells: sampler, sizes, seeds, eval sizes and probes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import RowMapping

from charz import pending, shelf
from charz.errors import InputError, UnknownNameError
from charz.records import Progress, Silence, Summary
from charz.schema import Artifact, Protocol, Subset
from charz.steps import _filters, _orders
from charz.steps._orders import Order
from charz.store import Store, Writer

if TYPE_CHECKING:
    pass

SIZES = (16, 32, 64, 128, 256, 512, 1024, 2048)
PROBES = ("logistic", "ridge", "centroid", "knn", "majority")
DEFAULTS: dict[str, Any] = {
    "sampler": "random",
    "parameters": {},
    "sizes": SIZES,
    "n_seeds": 5,
    "eval_sizes": (None,),
    "probes": PROBES,
}
PRESETS: dict[str, dict[str, Any]] = {
    "mteb": {"sampler": "mteb", "sizes": (8,), "n_seeds": 10, "probes": ("mteb",)},
}
"""Protocols that are known by name: what they have in place of `DEFAULTS`."""


def protocol(
    store: Store,
    name: str = "curve",
    *,
    sampler: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    sizes: Sequence[int] | None = None,
    n_seeds: int | None = None,
    eval_sizes: Sequence[int | None] | None = None,
    probes: Sequence[str] | None = None,
) -> None:
    """Declare a protocol, or extend one with sizes, seeds, eval sizes and probes.

    What is not given stays as it is; of a new protocol it is that of `DEFAULTS`, or of the
    one that `PRESETS` has by that name: ``mteb`` draws and probes as that benchmark does.

    Parameters
    ----------
    name : str
    sampler : str
        An item of the samplers shelf, with its ``parameters``.
    sizes : sequence of int
        Training rows (rows per class for a sampler that counts so); sizes beyond a split
        are passed over.
    n_seeds : int
        Seeds 0 .. n_seeds - 1.
    eval_sizes : sequence of int or None
        Eval rows; None for the whole test split.
    probes : sequence of str
        ``NAME[?parameter=value&...]`` from the probes shelf.

    Raises
    ------
    InputError
        When a number is out of range or the protocol exists with another sampler.
    UnknownNameError
        When the sampler, one of its parameters or a probe is unknown.
    """
    given: dict[str, Any] = {
        "sampler": sampler,
        "parameters": parameters,
        "sizes": sizes,
        "n_seeds": n_seeds,
        "eval_sizes": eval_sizes,
        "probes": probes,
    }
    plan, there = DEFAULTS | PRESETS.get(name, {}), store.row("protocol", name=name)
    if there is not None and there["sizes"] is None:  # it came with figures, without a plan
        plan |= {key: there[key] for key in ("sampler", "parameters")}
    elif there is not None:
        plan = {**there, "probes": ()}
    plan = {key: plan[key] if value is None else value for key, value in given.items()}
    if there is not None and there["sampler"] != plan["sampler"]:
        raise _differs(there, "sampler")
    numbers = [*plan["sizes"], *(size for size in plan["eval_sizes"] if size is not None)]
    if not plan["sizes"] or not plan["eval_sizes"] or min([plan["n_seeds"], *numbers]) < 1:
        raise InputError("a protocol needs sizes and seeds", "give whole numbers from 1 up")
    every = [_probe(text) for text in plan.pop("probes")]
    plan["parameters"] = _parameters(plan["sampler"], plan["parameters"])
    _write_protocol(store, {"name": name} | plan, every)


def _parameters(sampler: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parameters of a sampler, checked by it."""
    item = shelf.load("samplers", sampler)
    for parameter in given:
        if parameter not in item.PARAMETERS:
            known = item.PARAMETERS
            raise UnknownNameError.among(f"parameter of '{sampler}'", parameter, known)
    every = dict(item.PARAMETERS) | dict(given)
    if hasattr(item, "acquire"):
        item.acquire(np.eye(2), np.array([0, 1]), 2, 0, **every)
    else:
        item.draw(np.array([0, 1]), 2, 0, **every)
    stored: dict[str, Any] = json.loads(json.dumps(every))
    return stored


def _differs(there: RowMapping, key: str) -> InputError:
    return InputError(
        f"the protocol '{there['name']}' has {key} {there[key]}",
        "give a protocol with another one its own name with --protocol",
    )


def _eval_sizes(sizes: Sequence[int | None]) -> list[int | None]:
    numbers = sorted({size for size in sizes if size is not None})
    return [*numbers, None] if None in sizes else [*numbers]


def _write_protocol(store: Store, row: dict[str, Any], probes: Sequence[Mapping[str, Any]]) -> None:
    there = store.row("protocol", name=row["name"])
    if there is not None and there["parameters"] != row["parameters"]:
        raise _differs(there, "parameters")
    if there is not None and there["sizes"] is not None:
        row["sizes"] = [*there["sizes"], *row["sizes"]]
        row["eval_sizes"] = [*there["eval_sizes"], *row["eval_sizes"]]
        row["n_seeds"] = max(there["n_seeds"], row["n_seeds"])
    row["sizes"] = sorted(set(row["sizes"]))
    row["eval_sizes"] = _eval_sizes(row["eval_sizes"])
    with store.write() as writer:
        changes = ("sizes", "eval_sizes", "n_seeds")
        protocol_id = writer.ensure("protocol", row, update=changes)
        ids = [writer.ensure("probe", probe) for probe in probes]
        writer.put(
            "protocol_probe",
            [{"protocol_id": protocol_id, "probe_id": probe_id} for probe_id in ids],
        )


def _probe(text: str) -> dict[str, Any]:
    """Read ``NAME[?parameter=value&...]`` into a row of the probe table."""
    name, _, query = text.partition("?")
    known = shelf.load("probes", name).PARAMETERS
    parameters: dict[str, Any] = {}
    for part in filter(None, query.split("&")):
        key, equals, value = part.partition("=")
        if key not in known:
            raise UnknownNameError.among(f"parameter of the probe '{name}'", key, known)
        try:
            parameters[key] = json.loads(value if equals else "")
        except json.JSONDecodeError as error:
            raise InputError(
                f"'{part}' of the probe '{text}' has no value that reads as JSON",
                "write e.g. C=[1.0], folds=5 or scale=false",
            ) from error
    options = "&".join(
        f"{key}={json.dumps(parameters[key], separators=(',', ':'))}" for key in sorted(parameters)
    )
    # Defaults are stored as well: a later charz with others must not change what a row means.
    whole = json.loads(json.dumps(dict(known) | parameters))
    spec = name + (f"?{options}" if options else "")
    return {"spec": spec, "name": name, "parameters": whole}


def run(
    store: Store,
    *,
    datasets: Sequence[str] = (),
    deadline: float | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Draw what every protocol asks of every dataset; the default protocol when there is none.

    Raises
    ------
    UnknownNameError
        When a pattern of ``datasets`` matches nothing.
    """
    progress = progress or Silence()
    wanted = _filters.datasets(store, datasets)
    if not store.rows(sa.select(Protocol.id).where(Protocol.sizes.is_not(None)).limit(1)):
        protocol(store)
    began = time.monotonic()
    plans = {row["id"]: row["name"] for row in store.rows(sa.select(Protocol.id, Protocol.name))}
    pairs = [row for row in store.rows(pending.protocols()) if row["dataset_id"] in wanted]
    progress.start("subset", len(pairs), "draws")
    done = failed = left = 0
    notes: list[str] = []
    for row in pairs:
        if deadline is not None and time.monotonic() >= deadline:
            left += 1
            continue
        unit = f"{plans[row['protocol_id']]} of {wanted[row['dataset_id']]}"
        try:
            done += _draw(store, row["protocol_id"], row["dataset_id"])
            store.succeeded("subset", unit)
        except Exception as error:  # one dataset's trouble must not stop the others
            store.failed("subset", unit, error)
            failed += 1
            notes.append(f"{unit}: {error}")
            progress.warn(f"subset {unit}: {error}")
        progress.advance(1, unit)
    seconds = time.monotonic() - began
    return Summary("subset", done, failed, left, seconds, "subsets", tuple(notes))


def _draw(store: Store, protocol_id: int, dataset_id: int) -> int:
    plan = store.get("protocol", id=protocol_id)
    dataset = store.get("dataset", id=dataset_id)
    there = _there(store, protocol_id, dataset_id)
    count = 0
    for order in _orders.all_of(store, plan, dataset):
        key = (order.split_id, order.role, order.seed)
        if all((*key, size) in there for size in order.sizes):
            continue
        members = np.column_stack([order.draw.rows, order.draw.labels]).astype(np.int32)
        artifact = store.artifacts.put_array(members, kind="members")
        with store.write() as writer:
            hash_ = writer.artifact(artifact)
            count += _write(writer, store, protocol_id, order, hash_)
    return count


def _there(store: Store, protocol_id: int, dataset_id: int) -> set[tuple[int, str, int, int]]:
    """Return (split, role, seed, size) of the subsets whose members can be read."""
    statement = (
        sa.select(
            Subset.split_id, Subset.role, Subset.seed, Subset.n_rows, Artifact.hash, Artifact.suffix
        )
        .join_from(Subset, Artifact, Subset.members_hash == Artifact.hash)
        .where(Subset.protocol_id == protocol_id, Subset.labels_of_id == dataset_id)
    )
    rows = store.rows(statement)
    files = {(row["hash"], row["suffix"]) for row in rows}
    readable = {hash_ for hash_, suffix in files if store.artifacts.has(hash_, suffix)}
    return {
        (row["split_id"], row["role"], row["seed"], row["n_rows"])
        for row in rows
        if row["hash"] in readable
    }


def _write(writer: Writer, store: Store, protocol_id: int, order: Order, members: str) -> int:
    """Write the subsets of one ordering, the largest first; return how many there are."""
    parent: int | None = None
    for size in sorted(order.sizes, reverse=True):
        counts = np.bincount(order.labels(size), minlength=order.n_classes)
        row = {
            "protocol_id": protocol_id,
            "split_id": order.split_id,
            "labels_of_id": order.labels_of_id,
            "role": order.role,
            "n_rows": size,
            "seed": order.seed,
            "parent_id": parent,
            "members_hash": members,
            "class_counts": [int(n) for n in counts],
            "run_id": store.run_id,
            "base_id": _base_id(writer, protocol_id, order, size),
        }
        own = writer.ensure("subset", row, update=("parent_id", "members_hash"))
        parent = own if order.base is None else None
    return len(order.sizes)


def _base_id(writer: Writer, protocol_id: int, order: Order, size: int) -> int | None:
    """Return the subset that a pooled subset of this size begins with."""
    if order.base is None:
        return None
    statement = sa.select(Subset.id).where(
        Subset.protocol_id == protocol_id,
        Subset.split_id == order.base.split_id,
        Subset.labels_of_id == order.labels_of_id,
        Subset.role == order.role,
        Subset.n_rows == order.base_size(size),
        Subset.seed == order.seed,
    )
    return int(writer.rows(statement)[0]["id"])
