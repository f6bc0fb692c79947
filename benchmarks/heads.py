"""Measure every head on one set of subsets, judge the choice among heads, and fit what ships.

    python benchmarks/heads.py FOLDER --probe     results of all heads, as registry rows
    python benchmarks/heads.py FOLDER --judge     what choosing costs, groups of datasets held out
    python benchmarks/heads.py FOLDER --ship      fit the selector that comes with charz
    python benchmarks/heads.py FOLDER --layers    which layer is enough, and whether it was

FOLDER holds the registry that `benchmarks/reference.py FOLDER --encode` made. Several parts may be
asked for at once; without any, all are done. What is measured already is not measured again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

import charz
from charz import paths
from charz.heads import HEADS, _selector, _signs
from charz.heads import _layers as layer_rows
from charz.schema import TABLES, Dataset, Protocol
from charz.steps import _filters, probe, query, subset
from charz.steps._arrays import Arrays
from charz.store import Store

PROTOCOL, FEW = "choice", "choice_few"
SIZES, FEW_SIZES = (16, 64, 256, 1024), (16, 64)
N_SEEDS, N_FEW_SEEDS = 1, 3
"""Draws of few rows differ most, and cost least: there are more of them."""
HALF = 400
"""Eval rows that decide which head was best where the others judge it."""
DATASETS = (
    "ag_news", "airline_reviews", "amazon_counterfactual_en", "banking77", "chemprot", "clickbait",
    "clinc_oos", "cola", "covid_fake_news", "dbpedia14", "emorynlp_emotion", "emotion",
    "goemotions_ekman", "hate_offensive", "hatecheck", "imdb", "language_id", "liar",
    "massive_intent_en", "media_bias", "medical_abstracts", "meld_sentiment", "mmlu_subject",
    "mnli_small", "mpqa", "mr", "newsgroups20", "nps_chat_act", "opspam_deceptive", "paper_field",
    "pros_cons", "qnli", "sarcasm_forum", "sick_e", "sms_spam", "snips", "stsb_binned", "subj",
    "trec6", "tweeteval_emoji", "tweeteval_emotion", "tweeteval_hate", "tweeteval_irony",
    "tweeteval_offensive", "tweeteval_sentiment", "tweeteval_stance", "wic", "wsd_hard",
    "wsd_interest", "yelp5",
)  # fmt: skip
"""Datasets with at least 500 eval rows."""
ENCODERS = (
    "*/all-minilm-l6-v2?dtype=bfloat16&max_tokens=64", "static:wordllama?dims=256",
    "*/splade-tiny?dtype=bfloat16&layer=2&max_tokens=64", "static:*/m2v-mpnet-base",
    "static:*/spacy-md", "*/multilingual-e5-small-q4?dtype=bfloat16&layer=6&max_tokens=64",
)  # fmt: skip
"""Encoders of six lineages: 384, 256, 128, 256, 300 and 384 dimensions."""
LAYERS = "*/all-minilm-l6-v2?dtype=bfloat16{}&max_tokens=64"
DEPTHS = (0, 2, 3, 4, 5, 6)
LEVEL = 0.9


def main() -> None:
    """Do the parts that are asked for."""
    run(__doc__, {"probe": _probe, "judge": _judge, "ship": _ship, "layers": _layers})


def run(about: str, parts: dict[str, Callable[[Store], None]]) -> None:
    """Do the parts that the command line asks for, all where it names none."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("folder", type=Path)
    for part in parts:
        parser.add_argument(f"--{part}", action="store_true")
    asked = vars(parser.parse_args())
    every = not any(asked[part] for part in parts)
    with charz.open(str(asked["folder"] / "reference.db")) as store:
        for part, do in parts.items():
            if asked[part] or every:
                do(store)


def _probe(store: Store) -> None:
    names = {row["name"] for row in store.rows(sa.select(Dataset.name))}
    plan = {"eval_sizes": [HALF, None], "probes": HEADS}
    subset.protocol(store, PROTOCOL, sizes=SIZES, n_seeds=N_SEEDS, **plan)
    subset.protocol(store, FEW, sizes=FEW_SIZES, n_seeds=N_FEW_SEEDS, **plan)
    subset.run(store)
    for protocol, n_seeds in ((PROTOCOL, N_SEEDS), (FEW, N_FEW_SEEDS)):
        for place, encoder in enumerate(ENCODERS):
            # The first encoder on all datasets, the others by turns on one half or the other.
            chosen = [name for name in DATASETS[place % 2 :: 2 if place else 1] if name in names]
            asked = {"encoders": [encoder], "datasets": chosen, "n_seeds": n_seeds}
            print(encoder, probe.run(store, protocols=[protocol], **asked), flush=True)


def _frame(store: Store) -> pd.DataFrame:
    """Return one row per sample: facts, and a column per head and number."""
    every = ({"protocol": name} for name in (PROTOCOL, FEW))
    wide, few = (query.run(store, "heads", parameters=each) for each in every)
    rows = pd.concat([wide, few[few["seed"].between(N_SEEDS, N_FEW_SEEDS - 1)]])
    return wide_of(rows, HEADS)


def wide_of(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return one row per sample on which all of ``names`` were measured."""
    keys = ["encoder", "lineage", "n_dims", "dataset", "group_name", "n_train",
            "n_present", "majority_share", "seed"]  # fmt: skip
    numbers = ["accuracy", "cv_accuracy", "cv_log_loss", "chosen", "fit_seconds", "n_eval"]
    whole = rows["n_eval"] != HALF
    frame = rows[whole].set_index([*keys, "head"])[numbers].unstack("head")  # noqa: PD010
    half = rows[~whole].set_index([*keys, "head"])[["accuracy"]].unstack("head")  # noqa: PD010
    half.columns = pd.MultiIndex.from_tuples([("half", head) for _, head in half.columns])
    frame = frame.join(half).reset_index()
    there = frame["accuracy"].reindex(columns=list(names)).notna().all(axis=1)
    return frame[there & (frame[("n_eval", "logistic")] >= 500)].reset_index(drop=True)


def table_of(frame: pd.DataFrame) -> _selector.Table:
    """Return what a selector learns from."""
    n = frame["n_train"].to_numpy(np.float64)
    cv, loss = (
        {head: frame[(name, head)].to_numpy(np.float64) for head in HEADS}
        for name in ("cv_accuracy", "cv_log_loss")
    )
    known = (frame[name].to_numpy() for name in ("n_present", "n_dims", "majority_share"))
    chosen = frame[("chosen", "logistic")].to_numpy(np.float64)
    signs = _signs.signs(_signs.Facts(n, *known), cv, loss, chosen)
    accuracy = frame["accuracy"][list(HEADS)].to_numpy(np.float64)
    facts = {
        "n_samples": len(frame), "n_datasets": int(frame["dataset"].nunique()),
        "n_groups": int(frame["group_name"].nunique()),
        "n_lineages": int(frame["lineage"].nunique()), "sizes": sorted(set(n.astype(int).tolist())),
        "n_dims": [int(frame["n_dims"].min()), int(frame["n_dims"].max())],
    }  # fmt: skip
    return _selector.Table(signs, n, accuracy, frame["group_name"].to_numpy(), facts)


def held_out(table: _selector.Table, groups: Any, n_folds: int = 10) -> dict[str, Any]:
    """Return what selectors say of samples whose group (or lineage) they have not seen."""
    fold = _selector.folds(groups, n_folds)
    found = {name: np.empty_like(table.accuracy) for name in ("value", "low", "high", "p_best")}
    for each in np.unique(fold):
        others = np.flatnonzero(fold == each)
        selector = _selector.fit(table.take(fold != each))
        part = table.take(others)
        found["value"][others] = _selector.expected(selector, part.signs, part.n_train)
        draws = _selector.draws(selector, part.signs, part.n_train)
        found["low"][others] = np.quantile(draws, (1 - LEVEL) / 2, axis=1)
        found["high"][others] = np.quantile(draws, (1 + LEVEL) / 2, axis=1)
        first = draws.argmax(axis=2)
        for place in range(len(HEADS)):
            found["p_best"][others, place] = (first == place).mean(axis=1)
    return found


def picks(frame: pd.DataFrame, value: Any) -> dict[str, Any]:
    """Return the head that each way of choosing takes, by its place."""
    cv = frame["cv_accuracy"].reindex(columns=list(HEADS)).to_numpy(np.float64)
    loss = frame["cv_log_loss"].reindex(columns=list(HEADS)).to_numpy(np.float64)
    found = {
        "selector": value.argmax(axis=1),
        "CV-pick": np.nan_to_num(cv, nan=-1.0).argmax(axis=1),
        "CV-pick by log-loss": np.nan_to_num(loss, nan=np.inf).argmin(axis=1),
    }
    # Who picks by 400 labelled eval rows: what is lost even so is the noise floor.
    found["best on 400 eval rows"] = frame["half"][list(HEADS)].to_numpy(np.float64).argmax(axis=1)
    for name in ("logistic", "ridge", "lda", "svm", "mlp", "vote"):
        found[f"always {name}"] = np.full(len(frame), HEADS.index(name))
    return found


def regrets(frame: pd.DataFrame, place: Any, names: Sequence[str] = HEADS) -> tuple[Any, Any]:
    """Return points lost to the best head: of all eval rows, and decided on one half of them.

    ``place`` is that of each sample's own head in ``names``; the best is one of `HEADS`.
    """
    among, rows = len(HEADS), np.arange(len(frame))
    accuracy = frame["accuracy"][list(names)].to_numpy(np.float64)
    half = frame["half"][list(names)].to_numpy(np.float64)
    n_eval = frame[("n_eval", "logistic")].to_numpy(np.float64)[:, None]
    rest = (n_eval * accuracy - HALF * half) / (n_eval - HALF)
    # Each half decides once and judges once, weighing as many rows as it has.
    one = rest[rows, half[:, :among].argmax(axis=1)] - rest[rows, place]
    other = half[rows, rest[:, :among].argmax(axis=1)] - half[rows, place]
    share = ((n_eval - HALF) / n_eval)[:, 0]
    return 100 * (accuracy[:, :among].max(axis=1) - accuracy[rows, place]), 100 * (
        share * one + (1 - share) * other
    )


def _judge(store: Store) -> None:
    frame = _frame(store)
    _print_gains(frame)
    table = table_of(frame)
    print(table.facts)
    weights = _selector.equal(table.groups)
    for what, groups in (("groups", table.groups), ("lineages", frame["lineage"].to_numpy())):
        found = held_out(table, groups)
        print(f"\n{what} held out: regret in points, all and by n: on all eval rows | by halves")
        _print_regrets(frame, picks(frame, found["value"]), weights)
        inside = (table.accuracy >= found["low"]) & (table.accuracy <= found["high"])
        width = 100 * (found["high"] - found["low"]).mean()
        error = 100 * (weights @ np.abs(found["value"] - table.accuracy))
        print(
            "coverage",
            np.round(weights @ inside, 3),
            "mean",
            round(float((weights @ inside).mean()), 3),
        )
        print("width", round(float(width), 1), "mean absolute error", np.round(error, 2))
        best = table.accuracy.argmax(axis=1)
        print(
            "probability given to the best",
            round(float(weights @ found["p_best"][np.arange(len(best)), best]), 3),
        )


def _print_regrets(frame: pd.DataFrame, chosen: dict[str, Any], weights: Any) -> None:
    sizes = frame["n_train"].to_numpy()
    for name, place in chosen.items():
        whole, halves = regrets(frame, place)
        shown = []
        for lost in (whole, halves):
            sized = [(lost[sizes == n], weights[sizes == n]) for n in sorted(set(sizes))]
            means = [np.average(x, weights=w) for x, w in sized]
            shown.append([np.mean(means), *means])
        print(f"{name:22s}", *np.round(shown[0], 2), "|", *np.round(shown[1], 2))


def _print_gains(frame: pd.DataFrame) -> None:
    """Print the mean gain over the logistic head in points, and the median CPU seconds."""
    sizes, others = frame["n_train"], list(HEADS[1:])
    accuracy = frame["accuracy"]
    gains = 100 * accuracy[others].sub(accuracy["logistic"], axis=0).groupby(sizes).mean()
    seconds = frame["fit_seconds"][others].groupby(sizes).median()
    for n in gains.index:
        told = (f"{head} {gains.loc[n, head]:+.1f} ({seconds.loc[n, head]:.2f} s)"
                for head in others)  # fmt: skip
        print(f"n = {n}, gain over logistic:", *told, sep="  ")


def _ship(store: Store) -> None:
    path = paths.PACKAGE / "heads" / "shipped" / "selector.npz"
    path.write_bytes(_selector.to_bytes(_selector.fit(table_of(_frame(store)))))
    print(path, path.stat().st_size)


def _layers(store: Store, size: int = 256) -> None:
    specs = [LAYERS.format(f"&layer={depth}" if depth < 6 else "") for depth in DEPTHS]
    ids = [next(iter(_filters.encoders(store, [spec]))) for spec in specs]
    found = []
    for name in DATASETS:
        dataset = store.row("dataset", name=name)
        if dataset is not None:
            found += _layers_of(store, ids, dataset["id"], size)
    table = pd.DataFrame(found)
    for name in ("enough", "best by CV", "always last"):
        lost = 100 * (table["best"] - table[name]).mean()
        print(
            f"{name:12s} regret {lost:.2f} points, depth {table[name + ' depth'].mean():.2f} of 6"
        )
    print(
        "coverage of the gain over the last layer",
        round(float(table["inside"].mean()), 3),
        len(table),
    )


def _layers_of(store: Store, ids: list[int], dataset_id: int, size: int) -> list[dict[str, Any]]:
    table = TABLES["subset"]
    mine = sa.select(table).join(Protocol, Protocol.id == table.c.protocol_id).where(
        table.c.labels_of_id == dataset_id, Protocol.name == PROTOCOL)  # fmt: skip
    rows = store.rows(mine)
    train = next((r["id"] for r in rows if (r["role"], r["n_rows"]) == ("train", size)), None)
    if train is None:
        return []
    eval_ = max((r for r in rows if r["role"] == "eval"), key=lambda r: r["n_rows"])["id"]
    spaces = [Arrays(store, each, dataset_id) for each in ids]
    known, asked = spaces[0].draw(train), spaces[0].draw(eval_)
    X, E = ([s.vectors(i)[d.rows] for s in spaces] for i, d in ((train, known), (eval_, asked)))
    compared = layer_rows.compare(X, known.labels, spaces[0].n_classes(train), LEVEL, E)
    truth = np.array([(row["answers"] == asked.labels).mean() for row in compared])
    places = {
        "enough": layer_rows.enough(compared), "always last": len(ids) - 1,
        "best by CV": int(np.argmax([row["accuracy"] for row in compared])),
    }  # fmt: skip
    inside = [row["low"] <= gain <= row["high"]
              for row, gain in zip(compared[:-1], truth - truth[-1], strict=False)]  # fmt: skip
    depth = {f"{name} depth": DEPTHS[place] for name, place in places.items()}
    scores = {name: truth[place] for name, place in places.items()}
    return [{"best": truth.max(), "inside": np.mean(inside)} | scores | depth]


if __name__ == "__main__":
    main()
