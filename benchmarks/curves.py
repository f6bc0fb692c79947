"""Learn the prior of learning curves, and judge forecasts of them from single pilots.

    python benchmarks/curves.py learn
    python benchmarks/curves.py pilots REGISTRY FILE [--seeds N]
    python benchmarks/curves.py judge FILE [--final | --whole]
    python benchmarks/curves.py settle

``learn`` fits ``charz/curves/shipped/`` anew from the reference that ships with charz. ``pilots``
measures single pilots on a registry's vectors, with what became of them at larger sizes, into a
file of JSON lines; ``judge`` prints tables of forecasts from them, by a prior that has not seen
the pilot's group of datasets. A fifth of the groups, by a hash of their names, is judged only
with ``--final``, by a prior learned on all others, and with ``--whole``, where every group is held
out once in folds over all. ``settle`` sets the eval labels that are said
to tell two probes apart beside simulated ones, from true shares and from pilots of labels.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

ENCODERS = ("static:wordllama?dims=256", "static:glove", "all-minilm-l6-v2", "minilm-l3-v2")
LEAST = 1024
"""Rows that a dataset must have been trained on."""
SHARES = (16, 8, 4)
AHEAD = (1, 4, 16)
"""Sizes that a prior learns, in multiples of a sample's; beside them the largest."""
SIZE_NAMES = ("n_train", "n_eval")
HOW = ("labels alone", "with eval rows")
N_FOLDS = 5
SIZES = (0.25, 0.5, 1, 2, 4)
"""Pilots of eval labels, in multiples of those needed."""
MEAN_ABSOLUTE = np.sqrt(2 / np.pi)
"""Of a normal error, in standard errors."""
LEAST_SURE = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
FACTORS = (0.35, 0.7, 1.5, 3, 6, 12)
"""Targets are what was truly reached with this many times the pilot's rows."""


# --- the prior


def table() -> Any:
    """Return the reference's samples: inputs of the prior, truth by metric, names and sizes."""
    import pyarrow.parquet as pq

    from charz import paths

    folder = paths.PACKAGE / "reference"
    read = {
        name: pq.read_table(folder / f"{name}.parquet").to_pandas()
        for name in ("subset", "dataset", "probe", "feature_value")
    }
    logistic = int(read["probe"].index[read["probe"]["name"] == "logistic"][0])
    columns = ["encoder", "train_subset", "eval_subset", "accuracy_count", "accuracy", "macro_f1"]
    scores = pq.read_table(
        folder / "result.parquet", filters=[("probe", "=", logistic)], columns=columns
    ).to_pandas()
    subsets = read["subset"]
    scores = scores[(subsets["protocol"] == "curve").reindex(scores["train_subset"]).to_numpy()]
    for name, column in (("n", "n_rows"), ("dataset", "labels_of")):
        scores[name] = subsets[column].reindex(scores["train_subset"]).to_numpy()
    scores["n_eval"] = subsets["n_rows"].reindex(scores["eval_subset"]).to_numpy()
    counted = scores["accuracy_count"] / scores["n_eval"]
    scores["accuracy"] = scores["accuracy"].where(scores["accuracy"].notna(), counted)
    whole = scores.groupby("dataset")["n_eval"].transform("max")
    scores = scores[scores["n_eval"] == whole].drop(columns=["n_eval", "accuracy_count"])
    keys = ["encoder", "train_subset", "eval_subset"]
    found = scores.merge(read["feature_value"], on=keys)
    groups = read["dataset"][["name", "group_name"]].rename(columns={"name": "dataset"})
    return found.merge(groups, on="dataset")


def pairs(samples: Any, metric: str) -> Any:
    """Return every sample beside the mean truth at its own size, at larger and at the largest."""
    keys = ["encoder", "dataset"]
    truth = samples.groupby([*keys, "n"])[metric].mean().reset_index()
    truth = truth.rename(columns={"n": "at", metric: "truth"})
    largest = truth.groupby(keys)["at"].transform("max")
    beside = samples.merge(truth.assign(largest=largest), on=keys)
    share = beside["at"] / beside["n"]
    asked = share.isin(AHEAD) | (share.ge(1) & beside["at"].eq(beside["largest"]))
    return beside[asked].reset_index(drop=True)


def learned(rows: Any, *, with_eval: bool) -> dict[str, np.ndarray]:
    """Return a prior fitted on pairs."""
    from charz.curves import _inputs, _prior
    from charz.steps import _features

    names = [each["name"] for each in _features.catalogue() if each["name"] not in SIZE_NAMES]
    names = [name for name in names if name in rows] if with_eval else list(_inputs.ALONE)
    inputs = {name: rows[name].to_numpy(np.float64) for name in names}
    sizes = rows["n"].to_numpy(np.float64), rows["at"].to_numpy(np.float64)
    return _prior.fit(*sizes, inputs, rows["truth"].to_numpy(), rows["group_name"].to_numpy(str))


def learn() -> None:
    """Fit and write the priors of every metric."""
    from charz import paths
    from charz.steps import curve

    samples, folder = table(), paths.PACKAGE / "curves" / "shipped"
    folder.mkdir(exist_ok=True)
    for metric in curve.METRICS:
        rows = pairs(samples, metric)
        for ending, with_eval in (("", False), ("_eval", True)):
            arrays, path = learned(rows, with_eval=with_eval), folder / f"{metric}{ending}.npz"
            np.savez_compressed(path, **arrays)
            size, mark = path.stat().st_size / 1e3, curve.fingerprint(arrays)[:12]
            print(f"{path.name}: {size:.0f} kB, {mark}")


# --- pilots


def pilots(registry: Path, target: Path, n_seeds: int) -> None:
    """Measure pilots that are not in the file yet, a line each."""
    from charz.curves import _pilot
    from charz.sample import Sample

    there = {_key(line) for line in _lines(target)} if target.exists() else set()
    folder = registry.with_suffix(".artifacts")
    with sqlite3.connect(f"{registry.absolute().as_uri()}?mode=ro", uri=True) as db:
        db.row_factory = sqlite3.Row
        with target.open("a", encoding="utf-8") as out:
            for seed in range(n_seeds):
                for case in _cases(db, folder, seed):
                    for n in sorted({case["largest"] // share for share in SHARES}):
                        told = {**case["told"], "n": n}
                        if _key(told) in there:
                            continue
                        X, y = case["X"][:n], case["y"][:n]
                        if len(np.unique(y)) < 2:
                            continue
                        order = np.argsort(Sample(X, y, X[:1], case["K"]).places)
                        pilot = _pilot.measure(Sample(X[order], y[order], X[:1], case["K"]))
                        out.write(json.dumps(told | _plain(pilot)) + "\n")
                        out.flush()


def _plain(pilot: Any) -> dict[str, Any]:
    scores = {name: pilot.scores[name].tolist() for name in ("accuracy", "macro_f1", "log_loss")}
    own = {"n_classes": pilot.n_classes, "majority": pilot.majority, "entropy": pilot.entropy}
    return own | {"sizes": pilot.sizes.tolist(), "scores": scores, "code": pilot.code}  # fmt: skip


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _key(told: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(told[name] for name in ("encoder", "dataset", "seed", "n"))


def _cases(db: sqlite3.Connection, folder: Path, seed: int) -> Iterator[dict[str, Any]]:
    """Yield each encoder's rows of each dataset in the order of a draw, with its true curve."""
    wanted = [row for row in db.execute("SELECT id, spec FROM encoder") if _is_wanted(row["spec"])]
    for data in db.execute("SELECT * FROM dataset ORDER BY name").fetchall():
        subsets = db.execute(
            "SELECT s.* FROM subset AS s JOIN protocol AS p ON p.id = s.protocol_id "
            "WHERE p.name = 'curve' AND s.labels_of_id = ? AND s.role = 'train' AND s.seed = ? "
            "ORDER BY s.n_rows", (data["id"], seed),
        ).fetchall()  # fmt: skip
        if not subsets or subsets[-1]["n_rows"] < LEAST:
            continue
        members = np.load(_path(folder, subsets[-1]["members_hash"]))
        for encoder in wanted:
            truth = _truth(db, encoder["id"], data["id"])
            row = db.execute(
                "SELECT vectors_hash FROM embedding WHERE encoder_id = ? AND split_id = ? "
                "AND basis_id = ?", (encoder["id"], subsets[-1]["split_id"], data["id"]),
            ).fetchone()  # fmt: skip
            if row is None or len(truth) < 8:
                continue
            vectors = np.load(_path(folder, row["vectors_hash"]))
            told = {"encoder": encoder["spec"], "dataset": data["name"], "seed": seed,
                    "group": data["group_name"], "truth": truth}  # fmt: skip
            yield {"told": told, "K": data["n_classes"], "largest": subsets[-1]["n_rows"],
                   "X": vectors[members[:, 0]].astype(np.float32), "y": members[:, 1]}  # fmt: skip


def _is_wanted(spec: str) -> bool:
    whole = spec.endswith((*ENCODERS[:2], "all-minilm-l6-v2?dtype=bfloat16&max_tokens=64"))
    return whole or ("minilm-l3-v2" in spec and "layer=3&max_tokens=64" in spec
                     and "pooling" not in spec)  # fmt: skip


def _path(folder: Path, name: str) -> Path:
    return folder / name[:2] / f"{name[2:]}.npy"


def _truth(db: sqlite3.Connection, encoder: int, dataset: int) -> dict[str, Any]:
    """Return the mean metrics over draws on the largest eval subset, by training size."""
    table: dict[int, list[sqlite3.Row]] = {}
    evals = db.execute(
        "SELECT s.id FROM subset AS s JOIN protocol AS p ON p.id = s.protocol_id "
        "WHERE p.name = 'curve' AND s.role = 'eval' AND s.labels_of_id = ? "
        "ORDER BY s.n_rows DESC LIMIT 1", (dataset,),
    ).fetchone()  # fmt: skip
    for row in db.execute(
        "SELECT r.accuracy, r.macro_f1, r.log_loss, r.n_eval, s.n_rows FROM subset AS s "
        "JOIN protocol AS p ON p.id = s.protocol_id JOIN result AS r ON r.train_subset_id = s.id "
        "AND r.encoder_id = ? AND r.eval_subset_id = ? JOIN probe AS b ON b.id = r.probe_id "
        "WHERE p.name = 'curve' AND s.labels_of_id = ? AND s.role = 'train' "
        "AND b.spec = 'logistic'", (encoder, evals["id"], dataset),
    ):  # fmt: skip
        table.setdefault(row["n_rows"], []).append(row)
    names = ("accuracy", "macro_f1", "log_loss", "n_eval")
    return {
        str(size): {name: float(np.mean([row[name] for row in rows])) for name in names}
        for size, rows in sorted(table.items())
    }


# --- judging


def is_final(group: str) -> bool:
    """Whether a group of datasets is kept for the last look."""
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % 5 == 0


def judge(path: Path, final: bool, whole: bool) -> None:
    """Print tables of what forecasts from single pilots were worth."""
    samples = table()
    used = samples if whole else samples[~samples["group_name"].map(is_final)]
    rows = pairs(used, "accuracy")
    every = [case for case in _lines(path) if whole or is_final(case["group"]) == final]
    cases = _with_inputs(every, samples)
    groups = np.unique([case["group"] for case in cases])
    folds = [groups] if final else [groups[start::N_FOLDS] for start in range(N_FOLDS)]
    said: list[dict[str, Any]] = []
    for fold in folds:
        seen = rows[~rows["group_name"].isin(fold)]
        both = [learned(seen, with_eval=with_eval) for with_eval in (False, True)]
        said += [row for case in cases if case["group"] in fold for row in _said(case, both)]
    print(f"{len(cases)} of {len(every)} pilots, {len(groups)} groups of datasets"
          f"{', kept for the end' if final else ''}\n")  # fmt: skip
    _show(said)
    for kept in (False, True) if whole else ():
        print(f"\n{'Kept groups' if kept else 'All but the kept groups'} among these\n")
        _show([row for row in said if is_final(row["group"]) == kept])


def _show(said: list[dict[str, Any]]) -> None:
    _show_errors(said)
    for how in HOW:
        _show_targets([row for row in said if row.get("how") == how], how)


def _with_inputs(cases: list[dict[str, Any]], samples: Any) -> list[dict[str, Any]]:
    """Return the cases that the reference has features of, with these."""
    import pyarrow.parquet as pq

    from charz import paths
    from charz.curves import _inputs

    folder = paths.PACKAGE / "reference"
    specs = pq.read_table(folder / "encoder.parquet", columns=["spec"])["spec"].to_pylist()
    seeds = pq.read_table(folder / "subset.parquet", columns=["seed"])["seed"].to_numpy()
    rows = samples.assign(seed=seeds[samples["train_subset"]])
    names = sorted({*_inputs.ALONE, *rows.columns} - {"encoder", "dataset", "group_name"})
    places = zip(rows["encoder"], rows["dataset"], rows["seed"], rows["n"], strict=True)
    known = {(_short(specs[e]), *rest): k for k, (e, *rest) in enumerate(places)}
    table_ = rows[names].to_numpy(np.float64)
    found = []
    for case in cases:
        key = (_short(case["encoder"]), *(case[name] for name in ("dataset", "seed", "n")))
        if key in known:
            row = dict(zip(names, table_[known[key]].tolist(), strict=True))
            found.append(case | {"inputs": row})
    return found


def _short(spec: str) -> str:
    """Return a spec without where its checkpoint lies."""
    return spec.rpartition("/")[2].lower()


def _said(case: dict[str, Any], both: list[dict[str, np.ndarray]]) -> Iterator[dict[str, Any]]:
    """Yield what is forecast of one pilot: at the largest size, and for targets on the way."""
    from charz.curves._prior import Prior
    from charz.steps import curve

    n, truth = case["n"], {int(size): row for size, row in case["truth"].items()}
    priors = [Prior(arrays, n, case["inputs"]) for arrays in both]
    grid = n * 2.0 ** (np.arange(8 * 16 + 1) / 16)
    families = curve.families(case["sizes"], case["scores"]["accuracy"], n, grid)
    lines = {how: prior.values(grid) for how, prior in zip(HOW, priors, strict=True)} | families
    told = {name: case[name] for name in ("group", "encoder", "n")} | {"ratio": max(truth) // n}
    yield told | _score(case, truth, priors, lines)
    for how, prior in zip(HOW, priors, strict=True):
        own = {name: line for name, line in lines.items() if name not in HOW} | {how: lines[how]}
        for row in _targets(n, truth, prior, grid, own):
            yield told | row | {"how": how}


def _score(
    case: dict[str, Any], truth: dict[int, Any], priors: list[Any], lines: dict[str, np.ndarray]
) -> dict[str, Any]:
    """Return errors at the largest size, and what is left to a perfect forecast."""
    from charz.curves import _answer

    n, largest = case["n"], max(truth)
    place, score = round(np.log2(largest / n) * 16), truth[largest]["accuracy"]
    own = truth[n]["accuracy"]
    finite = score * (1 - score) / truth[largest]["n_eval"]
    row = {
        "kind": "score", "largest": largest,
        "errors": {name: abs(float(line[place]) - score) for name, line in lines.items()},
        "floor": MEAN_ABSOLUTE * np.sqrt(finite),
        "floor_n": MEAN_ABSOLUTE * np.sqrt(finite + own * (1 - own) / n),
    }  # fmt: skip
    for how, prior in zip(HOW, priors, strict=True):
        band = _answer.band(prior, prior.values, 0.9)
        low, high = band.low[place], band.high[place]
        row |= {f"bias {how}": float(lines[how][place]) - score, f"width {how}": high - low,
                f"covered {how}": low - 1e-9 <= score <= high + 1e-9}  # fmt: skip
    return row


def _targets(
    n: int, truth: dict[int, Any], prior: Any, grid: np.ndarray, lines: dict[str, np.ndarray]
) -> Iterator[dict[str, Any]]:
    """Yield what is said of scores that were truly reached, and by how many rows."""
    from charz.curves import _answer

    largest = max(truth)
    sizes = np.array(sorted(truth), dtype=float)
    true = np.maximum.accumulate([truth[int(size)]["accuracy"] for size in sizes])
    for factor in FACTORS:
        if n * factor > largest:
            continue
        target = float(np.interp(np.log(n * factor), np.log(sizes), true))
        if target <= true[0] or target >= 1:
            continue
        # What was reached before needs the rows that are there.
        needed = max(_crossing(sizes, true, target), n)
        answer = _answer.answer(prior, prior.values, target, 0.9)
        numbers = {
            name: float(grid[np.argmax(line >= target)]) if (line >= target).any() else np.inf
            for name, line in lines.items()
        }
        high = np.inf if answer.n_high is None else answer.n_high
        low = np.inf if answer.n_low is None else answer.n_low
        number = {"reached": n, "needed": answer.n}.get(answer.verdict, np.nan)
        if answer.verdict == "not reachable":
            number, low, high = np.inf, np.inf, np.inf
        found = _answer.band(prior, prior.values, 0.9)
        chances = _answer.chances(prior, found, target)
        yield {
            "kind": "target", "now": chances[0], "likeliest": _answer.likeliest(found, chances),
            "n": n, "needed": needed, "open": needed > n, "verdict": answer.verdict,
            "ratio_said": number / needed, "covered": low <= np.ceil(needed) and needed <= high,
            "ratios": {name: number / needed for name, number in numbers.items()},
        }  # fmt: skip


def _crossing(sizes: np.ndarray, true: np.ndarray, target: float) -> float:
    """Return where a rising curve first reaches a target, between sizes on a log scale."""
    place = int(np.argmax(true >= target))
    share = (target - true[place - 1]) / (true[place] - true[place - 1])
    return float(sizes[place - 1] * (sizes[place] / sizes[place - 1]) ** share)


def _mean(rows: list[dict[str, Any]], value: Callable[[dict[str, Any]], float]) -> float:
    """Return a mean in which every group counts the same."""
    by_group: dict[str, list[float]] = {}
    for row in rows:
        by_group.setdefault(row["group"], []).append(value(row))
    return float(np.mean([np.mean(values) for values in by_group.values()]))


def _show_errors(said: list[dict[str, Any]]) -> None:
    rows = [row for row in said if row["kind"] == "score"]
    methods = list(rows[0]["errors"])
    forms = (("bias", "+.1f"), ("covered", ".0f"), ("width", ".0f"))
    shown = [(f"{name} {how}", form) for how in HOW for name, form in forms]
    shown += [("floor", ".1f"), ("floor_n", ".1f")]
    print("| pilot | pilots | " + " | ".join([*methods, *(name for name, _ in shown)]) + " |")
    print("|---" * (len(methods) + len(shown) + 2) + "|")
    for share, largest in ((s, m) for s in SHARES for m in (None, 1024, 4096)):
        own = [row for row in rows if row["ratio"] == share and largest in (None, row["largest"])]
        if not own:
            continue
        name = f"1/{share}" + (f" of {largest}" if largest else "")
        cells = [f"{100 * _mean(own, lambda row, m=m: row['errors'][m]):.1f}" for m in methods]
        cells += [f"{100 * _mean(own, lambda row, k=k: row[k]):{form}}" for k, form in shown]
        print(f"| {name} | {len(own)} | " + " | ".join(cells) + " |")


def _show_targets(rows: list[dict[str, Any]], how: str) -> None:
    print(f"\n{how}:\n")
    print("| pilot | targets | answered | of these within 2x | interval covers | "
          + " | ".join(f"{name}, of all" for name in rows[0]["ratios"]) + " |")  # fmt: skip
    print("|---" * (len(rows[0]["ratios"]) + 5) + "|")
    parts = [("all", lambda row: True), ("not reached yet", lambda row: row["open"])]
    own_sizes = sorted({row["n"] for row in rows})
    parts += [(f"{n} rows", lambda row, n=n: row["n"] == n) for n in own_sizes]
    for name, belongs in parts:
        own = [row for row in rows if belongs(row)]
        told = [row for row in own if row["verdict"] != "unknown"]
        cells = [f"{100 * _mean(own, lambda row: row['verdict'] != 'unknown'):.0f}%"]
        right = f"{100 * _mean(told, lambda row: _near(row['ratio_said'])):.0f}%" if told else ""
        cells += [right, f"{100 * _mean(own, lambda row: row['covered']):.0f}%"]
        cells += [f"{100 * _mean(own, lambda row, m=m: _near(row['ratios'][m])):.0f}%"
                  for m in rows[0]["ratios"]]  # fmt: skip
        print(f"| {name} | {len(own)} | " + " | ".join(cells) + " |")
    print("\n| least probability | answered | of these within 2x | not reached yet: answered "
          "| of these within 2x |\n|---|---|---|---|---|")  # fmt: skip
    for least in LEAST_SURE:
        cells = [cell for own in (rows, [row for row in rows if row["open"]])
                 for cell in _told(own, least)]  # fmt: skip
        print(f"| {least:.0%} | " + " | ".join(f"{100 * cell:.0f}%" for cell in cells) + " |")
    counts = {v: sum(row["verdict"] == v for row in rows) for v in {r["verdict"] for r in rows}}
    print(f"\nverdicts: {counts}")


def _told(rows: list[dict[str, Any]], least: float) -> Iterator[float]:
    """Yield how many targets are answered from a probability on, and how many of these well."""
    ratios = [
        {
            "group": row["group"],
            "ratio": (row["n"] if row["now"] >= 0.5 else row["likeliest"][0]) / row["needed"],
            "told": max(row["now"], row["likeliest"][1]) >= least,
        }
        for row in rows
    ]
    yield _mean(ratios, lambda row: row["told"])
    yield _mean([row for row in ratios if row["told"]], lambda row: _near(row["ratio"]))


def _near(ratio: float) -> bool:
    return 0.5 <= ratio <= 2


# --- eval labels


def settle() -> None:
    """Print how near the eval labels said to be needed are to simulated ones."""
    from charz import paired

    rng = np.random.default_rng(0)
    print("| discordant | difference | said | simulated | "
          + " | ".join(f"pilot of {size:g}x" for size in SIZES) + " |")  # fmt: skip
    print("|---" * (len(SIZES) + 4) + "|")
    for psi, d in ((p, d) for p in (0.1, 0.2, 0.3) for d in (0.03, 0.05, 0.1) if d < p):
        shares = [(psi + d) / 2, (psi - d) / 2, 1 - psi]
        said, n = paired.rows_needed(*shares[:2]), 8
        while _power(rng.multinomial(n, shares, size=800)) < 0.8:
            n = int(n * 2**0.25) + 1
        near = []
        for size in SIZES:
            m = int(said * size)
            seen = [paired.rows_needed(a / m, b / m) for a, b, _ in rng.multinomial(m, shares, 60)]
            near.append(np.mean([each is not None and _near(each / n) for each in seen]))
        cells = [f"{100 * share:.0f}%" for share in near]
        print(f"| {psi:.0%} | {d:.0%} | {said} | {n} | " + " | ".join(cells) + " |")


def _power(tables: np.ndarray) -> float:
    from charz import paired

    return float(np.mean([a > b and paired.p_value(a, b) <= 0.05 for a, b, _ in tables.tolist()]))


def main() -> None:
    """Do what is asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked = parser.add_subparsers(dest="verb", required=True)
    asked.add_parser("learn", help="fit the prior that ships")
    measured = asked.add_parser("pilots", help="measure single pilots")
    measured.add_argument("registry", type=Path)
    measured.add_argument("file", type=Path)
    measured.add_argument("--seeds", type=int, default=2)
    judged = asked.add_parser("judge", help="print tables of errors")
    judged.add_argument("file", type=Path)
    judged.add_argument("--final", action="store_true", help="the groups kept for a last look")
    judged.add_argument("--whole", action="store_true", help="every group, in folds over all")
    asked.add_parser("settle", help="judge the eval labels that settle a comparison")
    options = parser.parse_args()
    if options.verb == "settle":
        settle()
    if options.verb == "judge":
        judge(options.file, options.final, options.whole)
    if options.verb == "learn":
        learn()
    if options.verb == "pilots":
        pilots(options.registry, options.file, options.seeds)


if __name__ == "__main__":
    main()
