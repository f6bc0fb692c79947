"""Fine-tune checkpoints on many samples, say what it was worth, and fit what ships.

    python benchmarks/fine_tuning.py FOLDER --probe   networks and heads, as registry rows
    python benchmarks/fine_tuning.py FOLDER --judge   gains, and how well they are foreseen
    python benchmarks/fine_tuning.py FOLDER --ship    fit what comes with charz

FOLDER holds the registry that `benchmarks/reference.py FOLDER --encode` made. Several parts may be
asked for at once; without any, all are done. What is measured already is not measured again. On
two cores ``--probe`` takes days, on a machine with an accelerator a quarter of an hour: `charz
export` there and `charz import` here brings the rows.
"""

from __future__ import annotations

from typing import Any

import heads
import numpy as np
import pandas as pd

from charz.heads import HEADS, _tuned
from charz.heads._selector import equal, folds
from charz.steps import probe, query, subset
from charz.store import Store

PROTOCOL, MORE = "tune", "tune_more"
SIZES, MORE_SIZES = (64, 256), (16, 1024)
TINY = "*/splade-tiny?dtype=bfloat16&layer=2&max_tokens=64"
ENCODERS = (
    "*/all-minilm-l6-v2?dtype=bfloat16&max_tokens=64",
    "*/paraphrase-minilm-l3-v2?dtype=bfloat16&layer=3&max_tokens=64", TINY,
)  # fmt: skip
"""Checkpoints of 23, 17 and 4 million weights."""
MORE_DATASETS = (
    "ag_news", "airline_reviews", "amazon_counterfactual_en", "banking77", "trec6",
    "tweeteval_emoji", "tweeteval_emotion", "tweeteval_hate", "tweeteval_irony",
    "tweeteval_offensive", "tweeteval_sentiment", "tweeteval_stance", "wic", "wsd_hard",
    "wsd_interest", "yelp5",
)  # fmt: skip
"""Where the smallest of them is tuned on the sizes of `MORE` as well."""
WORTH = 0.005
NAMES = (*HEADS, "fine_tune")


def main() -> None:
    """Do the parts that are asked for."""
    heads.run(__doc__, {"probe": _probe, "judge": _judge, "ship": _ship})


def _probe(store: Store) -> None:
    plan = {"n_seeds": 1, "eval_sizes": [heads.HALF, None], "probes": NAMES}
    subset.protocol(store, PROTOCOL, sizes=SIZES, **plan)
    subset.protocol(store, MORE, sizes=MORE_SIZES, **plan)
    subset.run(store)
    chosen = ((PROTOCOL, ENCODERS, heads.DATASETS), (MORE, [TINY], MORE_DATASETS))
    for protocol, encoders, names in chosen:
        asked = {"encoders": list(encoders), "datasets": list(names)}
        print(protocol, probe.run(store, protocols=[protocol], **asked), flush=True)


def _frame(store: Store) -> pd.DataFrame:
    """Return one row per sample on which a network was tuned and all heads were measured."""
    rows = pd.concat([query.run(store, "heads", parameters={"protocol": name})
                      for name in (PROTOCOL, MORE)])  # fmt: skip
    return heads.wide_of(rows, NAMES)


def _gain(frame: pd.DataFrame, name: str) -> Any:
    """Return what tuned networks gain over the logistic head, (samples,)."""
    return (frame[(name, "fine_tune")] - frame[(name, "logistic")]).to_numpy(np.float64)


def _fit(frame: pd.DataFrame, rows: Any) -> _tuned.Tuned:
    part = frame[rows]
    facts = {
        "n_samples": len(part), "n_datasets": int(part["dataset"].nunique()),
        "n_groups": int(part["group_name"].nunique()),
        "checkpoints": sorted({_short(spec) for spec in part["encoder"]}),
    }  # fmt: skip
    sizes = part["n_train"].to_numpy(np.float64)
    groups = part["group_name"].to_numpy()
    return _tuned.fit(sizes, _gain(part, "cv_accuracy"), _gain(part, "accuracy"), groups, facts)


def _short(spec: str) -> str:
    return spec.partition("?")[0].rpartition("/")[2]


def _judge(store: Store) -> None:
    frame = _frame(store)
    weights = equal(frame["group_name"])
    _print_gains(frame, weights)
    for what, fold in (
        ("groups", folds(frame["group_name"].to_numpy())),
        ("checkpoints", pd.factorize(frame["encoder"])[0]),
    ):
        print(f"\n{what} held out: all, then by size")
        _print_foreseen(frame, weights, *_held_out(frame, fold))


def _print_gains(frame: pd.DataFrame, weights: Any) -> None:
    """Print mean gains by checkpoint and size."""
    print("checkpoint, n, samples: gain over logistic, over the best head on the same eval rows, "
          "over the best decided on other eval rows; share that gains half a point")  # fmt: skip
    gain = _gain(frame, "accuracy")
    over, luck_free = (-each for each in heads.regrets(frame, NAMES.index("fine_tune"), NAMES))
    for (spec, n), rows in frame.groupby(["encoder", "n_train"]).groups.items():
        w = weights[rows] / weights[rows].sum()
        means = [w @ each[rows] for each in (100 * gain, over, luck_free)]
        worth = round(float(w @ (gain[rows] >= WORTH)), 2)
        print(f"{_short(spec):24s} {n:5d} {len(rows):3d}", *np.round(means, 1), worth)


def _held_out(frame: pd.DataFrame, fold: Any) -> tuple[Any, Any]:
    """Return expected gains before and after, (samples, 2), and whether 90% held, alike."""
    found, inside = np.empty((len(frame), 2)), np.empty((len(frame), 2))
    seen, gain = _gain(frame, "cv_accuracy"), _gain(frame, "accuracy")
    for each in np.unique(fold):
        learned = _fit(frame, fold != each)
        for row in np.flatnonzero(fold == each):
            n = int(frame["n_train"].iloc[row])
            for place, known in enumerate((None, seen[row])):
                found[row, place] = _tuned.expected(learned, n, known)
                low, high = np.quantile(_tuned.draws(learned, n, known, 2000), [0.05, 0.95])
                inside[row, place] = low <= gain[row] <= high
    return found, inside


def _print_foreseen(frame: pd.DataFrame, weights: Any, found: Any, inside: Any) -> None:
    sizes, gain = frame["n_train"].to_numpy(), _gain(frame, "accuracy")
    seen = _gain(frame, "cv_accuracy")
    said = {
        "never": np.full(len(gain), -1.0), "always": np.full(len(gain), 1.0),
        "cross-validated gain": seen, "charz, before": found[:, 0], "charz, after": found[:, 1],
    }  # fmt: skip
    for name, value in said.items():
        lost = 100 * (np.maximum(gain, 0) - np.where(value > 0, gain, 0))
        print(f"{name:22s} regret", *_by_size(lost, sizes, weights), end=" | ")
        if name in ("never", "always"):
            print()
            continue
        print("error", *_by_size(100 * np.abs(value - gain), sizes, weights))
    print("no gain expected: error", *_by_size(100 * np.abs(gain), sizes, weights))
    for place, name in enumerate(("before", "after")):
        print(f"90% covers, {name}", *_by_size(inside[:, place], sizes, weights))


def _by_size(values: Any, sizes: Any, weights: Any) -> list[float]:
    parts = [np.ones(len(sizes), bool), *(sizes == n for n in sorted(set(sizes)))]
    return [round(float(np.average(values[p], weights=weights[p])), 2) for p in parts]


def _ship(store: Store) -> None:
    frame = _frame(store)
    text = _tuned.to_json(_fit(frame, np.ones(len(frame), bool)))
    _tuned.SHIPPED.write_text(text, encoding="utf-8")
    print(_tuned.SHIPPED, len(text))


if __name__ == "__main__":
    main()
