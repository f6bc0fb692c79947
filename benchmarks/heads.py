"""Measure every head on one set of subsets, judge the choice among heads, and fit what ships.

    python benchmarks/heads.py FOLDER --probe     results of all heads, as registry rows
    python benchmarks/heads.py FOLDER --judge     what choosing costs, groups of datasets held out
    python benchmarks/heads.py FOLDER --ship      fit the selector that comes with charz

FOLDER holds the registry that `benchmarks/reference.py FOLDER --encode` made. Several parts may be
asked for at once; without any, all are done. What is measured already is not measured again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import sqlalchemy as sa

import charz
from charz.schema import Dataset
from charz.steps import probe, subset
from charz.store import Store

PROTOCOL = "choice"
HEADS = ("logistic", "ridge", "centroid", "knn", "lda", "svm", "mlp", "boosting")
SIZES = (16, 64, 256, 1024)
N_SEEDS = 2
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


def main() -> None:
    """Do the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    for part in ("probe", "judge", "ship"):
        parser.add_argument(f"--{part}", action="store_true")
    parser.add_argument("--seeds", type=int, default=N_SEEDS)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    asked = parser.parse_args()
    with charz.open(str(asked.folder / "reference.db")) as store:
        if asked.probe:
            _probe(store, asked.seeds)


def _probe(store: Store, n_seeds: int) -> None:
    names = {row["name"] for row in store.rows(sa.select(Dataset.name))}
    chosen = {"datasets": [name for name in DATASETS if name in names], "protocols": [PROTOCOL]}
    for number in range(1, n_seeds + 1):
        plan = {"sizes": SIZES, "n_seeds": number, "eval_sizes": [None], "probes": HEADS}
        subset.protocol(store, PROTOCOL, **plan)
        subset.run(store)
        for encoder in ENCODERS:
            print(encoder, probe.run(store, encoders=[encoder], **chosen), flush=True)


if __name__ == "__main__":
    main()
