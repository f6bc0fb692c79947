"""Measure the reference registry on the lab's datasets and fit the metamodels that charz ships.

    python benchmarks/reference.py FOLDER --encode     texts, subsets and vectors
    python benchmarks/reference.py FOLDER --first      results of the first draws
    python benchmarks/reference.py FOLDER --features   their features and estimators
    python benchmarks/reference.py FOLDER --heads      results of quicker probes, five draws
    python benchmarks/reference.py FOLDER --probe      all other results

Several parts may be asked for at once; without any, all are done. Each part is resumable: what
is measured already is not measured again, and a part takes up what an earlier one has so far.
Checkpoints come from ``CHARZ_LAB_ENCODERS``, a folder of sentence-transformers folders (see
``tables.py`` for more of them); those that are not there are passed over. Nothing that ships
holds a text.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lab

import charz
from charz import records
from charz.cli import _progress
from charz.steps import characterize, embed, ingest, probe, subset
from charz.store import Store

N_TEST = 800
N_TRAIN, N_DEEP = 1024, 4096
DEEP = (
    "banking77", "chemprot", "clickbait", "clinc150", "cola", "emotion", "goemotions_ekman",
    "hate_offensive", "massive_intent_en", "mr", "nps_chat_act", "paper_field", "pros_cons",
    "sick_e", "trec6", "tweeteval_emoji",
)  # fmt: skip
"""Datasets of short texts that keep up to N_DEEP training rows; the others up to N_TRAIN."""
MIDDLE = (
    "acl_arc", "ag_news", "amazon_books", "amazon_counterfactual_de", "amazon_counterfactual_en",
    "blog_sentiment", "clinc_oos", "cola_ood", "covid_fake_news", "dbpedia14", "drug_reviews",
    "emorynlp_emotion", "fdu_apparel", "fdu_music", "fdu_video", "hatecheck", "language_id",
    "liar", "media_bias", "meld_sentiment", "mmlu_subject", "mnli_small", "mpqa", "newsgroups20",
    "opspam_deceptive", "qnli", "rte", "sarcasm_forum", "sms_spam", "snips", "sst2",
    "stormfront_hate", "stsb_binned", "subj", "tweeteval_emotion", "tweeteval_hate",
    "tweeteval_irony", "tweeteval_offensive", "tweeteval_sentiment", "tweeteval_stance",
    "uci_amazon", "uci_imdb", "uci_yelp", "wic", "wsd_hard", "wsd_interest", "yelp5",
)  # fmt: skip
"""Datasets for encoders that take longer."""
FEW = (
    "acl_arc", "amazon_counterfactual_en", "blog_sentiment", "fdu_apparel", "hatecheck", "mpqa",
    "sms_spam", "snips", "sst2", "stormfront_hate", "tweeteval_emotion", "tweeteval_irony",
    "tweeteval_sentiment", "uci_amazon", "uci_imdb", "uci_yelp", "wsd_interest",
)  # fmt: skip
"""Datasets for encoders that take longest."""


LINEAGES = {"sre-minilm-l6": "minilm-l12-h384-uncased"}
HALF = "dtype=bfloat16&max_tokens=64"
SEEN = (
    "wordllama?dims=256", "glove", "hash", "spacy-md", "m2v-minilm-l6", "m2v-mpnet-base",
    "chars2vec", "tfidf", "tfidf?analyzer=char", "splade-tiny?layer=2",
    "splade-tiny?layer=0&pooling=max", "paraphrase-minilm-l3-v2?layer=1",
    "paraphrase-minilm-l3-v2?layer=3", "paraphrase-minilm-l3-v2?layer=3&pooling=max",
    "all-minilm-l6-v2", "all-minilm-l6-v2?dims=64", "all-minilm-l6-v2?layer=3",
    "all-minilm-l6-v2?layer=5", "all-minilm-l6-v2?layer=6&pooling=cls",
    "multilingual-e5-small-q4", "multilingual-e5-small-q4?layer=6",
    "multilingual-e5-small-q4?layer=9", "sre-minilm-l6", "all-mpnet-base-v2",
    "all-mpnet-base-v2?layer=8", "all-mpnet-base-v2?layer=12&pooling=cls",
    "smollm2-135m-instruct-q4?layer=16", "smollm2-135m-instruct-q4?layer=30",
    "smollm2-135m-instruct-q4?pooling=last",
)  # fmt: skip
"""Encoders whose samples are characterized, as `_short` names them."""
SEEN_SHIFTED = (
    "wordllama?dims=256", "glove", "spacy-md", "m2v-minilm-l6", "splade-tiny?layer=2",
    "paraphrase-minilm-l3-v2?layer=3", "all-minilm-l6-v2", "all-minilm-l6-v2?layer=3",
    "multilingual-e5-small-q4", "all-mpnet-base-v2", "smollm2-135m-instruct-q4?layer=30",
)  # fmt: skip
"""Encoders whose shifted samples are characterized."""
SEEN_OFTEN = (
    "wordllama?dims=256", "glove", "spacy-md", "m2v-minilm-l6", "m2v-mpnet-base",
    "splade-tiny?layer=2", "paraphrase-minilm-l3-v2?layer=3", "all-minilm-l6-v2",
    "all-minilm-l6-v2?layer=3", "multilingual-e5-small-q4", "all-mpnet-base-v2",
    "smollm2-135m-instruct-q4?layer=30",
)  # fmt: skip
"""Encoders of which more draws are: encoders share the chance of a draw, draws do not."""

SEEN_DERIVED = (
    "wordllama?dims=256", "glove", "m2v-minilm-l6", "splade-tiny?layer=2",
    "paraphrase-minilm-l3-v2?layer=3", "all-minilm-l6-v2", "multilingual-e5-small-q4",
)  # fmt: skip
"""Encoders whose samples of tasks made of a dataset's classes are characterized."""
N_DERIVED = 4


@dataclass(frozen=True)
class Tier:
    """Encoders, written as ``charz ingest encoder`` takes them, and where they are measured."""

    specs: tuple[str, ...]
    datasets: tuple[str, ...] = ()


def tiers() -> list[Tier]:
    """Return what is measured, the quickest first."""
    quick = (
        "static:wordllama?dims=64,128,256",
        "static:glove",
        "static:glove?normalize=true",
        "random:hash",
        *_kept("static", "spacy-md", "", "dims=64"),
        *_kept("static", "m2v-minilm-l6", "", "dims=64"),
        *_kept("static", "m2v-minilm-l3", ""),
        *_kept("static", "m2v-mpnet-base", "", "dims=64"),
        *_kept("static", "chars2vec", ""),
        *_kept("random:st", "splade-tiny", "layer=2"),
    )
    splade = _kept(
        "st",
        "splade-tiny",
        f"layer=1,2&{HALF}",
        f"layer=0,2&pooling=max&{HALF}",
        f"layer=2&pooling=cls&{HALF}",
    )
    l3 = _kept("st", "paraphrase-minilm-l3-v2", f"layer=0..3&{HALF}", f"layer=3&pooling=max&{HALF}")
    minilm = _kept(
        "st",
        "all-minilm-l6-v2",
        HALF,
        f"dims=64&{HALF}",
        f"layer=0,2,3,4,5&{HALF}",
        f"layer=6&pooling=cls,max&{HALF}",
    )
    e5 = _kept("st", "multilingual-e5-small-q4", HALF, f"layer=3,6,9&{HALF}", f"dims=96&{HALF}")
    slow = (
        *_kept("st", "minilm-int8", "backend=onnx&max_tokens=64"),
        *_kept("st", "sre-minilm-l6", HALF, f"layer=3&{HALF}"),
        *_kept(
            "st", "all-mpnet-base-v2", HALF, f"layer=4,8&{HALF}", f"layer=12&pooling=cls&{HALF}"
        ),
        *_kept(
            "st", "smollm2-135m-instruct-q4", f"layer=8,16,24,30&{HALF}", f"pooling=last&{HALF}"
        ),
    )
    fitted = ("tfidf:", "tfidf:?dims=64", "tfidf:?analyzer=char")
    every = tuple(lab.names())
    return [
        Tier(quick, every),
        Tier((*splade, *l3), every),
        Tier(minilm, every),
        Tier(e5, MIDDLE),
        Tier(slow, FEW),
        Tier(fitted, every),
    ]


def _kept(kind: str, name: str, *options: str) -> tuple[str, ...]:
    """Return the specs of a checkpoint that is there."""
    home = os.environ.get("CHARZ_LAB_ENCODERS")
    if home is None or not (Path(home) / name).is_dir():
        return ()
    scheme = f"{kind}/" if kind.startswith("random") else f"{kind}:"
    return tuple(f"{scheme}{Path(home) / name}" + (f"?{each}" if each else "") for each in options)


def main() -> None:
    """Run the recipe."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parts = {"encode": _encode, "first": _first, "features": _features, "heads": _heads}
    parts |= {"probe": _probe}
    for part in parts:
        parser.add_argument(f"--{part}", action="store_true")
    parser.add_argument("--tiers", type=int, nargs="*", help="numbers of tiers, from 0")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    asked = [part for part in parts if getattr(given, part)] or list(parts)
    with (
        charz.open(str(given.folder / "reference.db"), create=True) as store,
        store.run("benchmarks/reference", {"parts": asked}),
        _progress.shown() as progress,
    ):
        _declare(store, given.folder / "data")
        for number, tier in enumerate(tiers()):
            if given.tiers is None or number in given.tiers:
                for part in asked:
                    parts[part](store, tier, given.workers, progress)


def _declare(store: Store, data: Path) -> None:
    """Ingest the datasets, declare the protocols and draw their subsets."""
    groups: dict[str, str] = {}
    for name in lab.names():
        if store.row("dataset", name=name) is None:
            groups = groups or lab.groups()
            path = lab.smaller(name, N_DEEP if name in DEEP else N_TRAIN, N_TEST, data)
            ingest.dataset(store, str(path), group=groups[name])
    sizes = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
    every = {"probes": ["logistic"]}
    subset.protocol(store, sizes=sizes, n_seeds=5, eval_sizes=[200, 500, None], **every)
    quicker = {"probes": ["ridge", "centroid"], "eval_sizes": [200, 500, None]}
    subset.protocol(store, "heads", sizes=sizes, n_seeds=5, **quicker)
    some = {"sizes": (32, 128, 512), "n_seeds": 2, **every}
    subset.protocol(store, "imbalanced", sampler="imbalanced", **some)
    subset.protocol(store, "label_noise", sampler="label_noise", **some)
    wide = {"sizes": (16, 64, 256, 1024), "n_seeds": 2, **every}
    subset.protocol(store, "shift", sampler="shifted", **wide)
    some = {"sizes": (16, 64, 128, 256, 512), "n_seeds": N_DERIVED, **every}
    subset.protocol(store, "derived", sampler="derived", **some)
    subset.run(store)


def _encode(store: Store, tier: Tier, workers: int, progress: records.Progress) -> None:
    for spec in tier.specs:
        ingest.encoder(store, spec, lineage=_lineage(spec))
    print(embed.run(store, **_of(store, tier), dtype="float16", workers=workers, progress=progress))


def _lineage(spec: str) -> str | None:
    """Return the base model of a checkpoint whose files do not name it."""
    return next((base for name, base in LINEAGES.items() if f"/{name}?" in spec), None)


def _first(store: Store, tier: Tier, workers: int, progress: records.Progress) -> None:
    """Probe the draws of what is characterized: the metamodel's rows come early."""
    for chosen in _seen(store, tier):
        print(probe.run(store, **chosen, workers=workers, progress=progress))


def _features(store: Store, tier: Tier, workers: int, progress: records.Progress) -> None:
    for chosen in _seen(store, tier):
        rows = {"whole_eval": True, "workers": workers, "progress": progress}
        print(characterize.run(store, **chosen, **rows))


def _seen(store: Store, tier: Tier) -> Iterator[dict[str, Any]]:
    """Yield what is characterized of a tier: encoders, datasets, protocols and draws."""
    plans = (
        ("curve", SEEN, 1),
        ("shift", SEEN_SHIFTED, 2),
        ("curve", SEEN_OFTEN, 5),
        ("derived", SEEN_DERIVED, N_DERIVED + 1),  # its seeds begin at 1
    )
    for protocol, encoders, n_seeds in plans:
        chosen = _of(store, tier, encoders)
        if chosen["encoders"]:
            yield chosen | {"protocols": [protocol], "n_seeds": n_seeds}


def _heads(store: Store, tier: Tier, workers: int, progress: records.Progress) -> None:
    chosen = _of(store, tier) | {"protocols": ["heads"]}
    print(probe.run(store, **chosen, workers=workers, progress=progress))


def _probe(store: Store, tier: Tier, workers: int, progress: records.Progress) -> None:
    print(probe.run(store, **_of(store, tier), workers=workers, progress=progress))


def _of(store: Store, tier: Tier, names: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the tier's encoders that the registry has and that are named so, and its datasets."""
    from charz.encoders import expand

    specs = [str(spec) for text in tier.specs for spec in expand(text)]
    known = [spec for spec in specs if store.row("encoder", spec=spec) is not None]
    there = tuple(spec for spec in known if not names or _short(spec) in names)
    return {"encoders": there, "datasets": tier.datasets}


def _short(spec: str) -> str:
    """Return a spec without its kind, folder and HALF.

    >>> _short("st:/lab/some-model?dtype=bfloat16&layer=3&max_tokens=64")
    'some-model?layer=3'
    """
    name, _, options = spec.partition("?")
    kept = [each for each in options.split("&") if each and each not in HALF.split("&")]
    last = name.rstrip(":").replace(":", "/").rsplit("/")[-1]
    return last + ("?" + "&".join(kept) if kept else "")


if __name__ == "__main__":
    main()
