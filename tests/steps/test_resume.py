"""Embeddings in chunks: cut by the texts alone, taken up after a kill, the same to the bit."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz import store as stores
from charz.encoders import expand
from charz.records import EncoderSpec, Silence
from charz.steps import _examples, _resume, embed, ingest
from tests import processes, tiny
from tests.encoders.conftest import build_bert, plain_bert, vocabulary, wordpiece  # noqa: F401

WORDS = ("cat", "dog", "mat", "good", "bad", "film", "food", "very", "not", "fun", "dull", "hat")


class Lengths:
    """An encoder in plain sight: a text's length and its first letter, and what it was asked."""

    is_fitted = False

    def __init__(self, state="weights A"):
        self.n_tokens = 0
        self.asked = []
        self.state = lambda: state

    def encode(self, texts):
        self.asked.append(list(texts))
        self.n_tokens += len(texts)
        X = [[len(text), ord(text[0]) if text else 0] for text in texts]
        return [np.array(X, dtype=np.float32).reshape(-1, 2)] * 2


SPECS = [EncoderSpec.parse(text) for text in ("random:hash", "random:hash?dims=8")]


@settings(deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=40), st.integers(1, 4000))
def test_every_text_is_in_one_chunk_and_chunks_are_of_about_equal_work(lengths, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_resume, "WORK", size)
        parts = _resume.cut(["x" * n for n in lengths])
    assert sorted(np.concatenate([*parts, []]).tolist()) == list(range(len(lengths)))
    work = [min(max(n, 16), 2048) for n in lengths]
    assert len(parts) <= max(1, -(-sum(work) // size))
    for rows in parts:
        assert sum(work[row] for row in rows) <= size + 2048
    in_order = [lengths[row] for rows in parts for row in rows]
    assert in_order == sorted(lengths, reverse=True)


@pytest.fixture
def texts():
    chance = random.Random(0)
    made = {" ".join(chance.choices(WORDS, k=chance.randint(0, 40))) for _ in range(300)}
    return sorted(made)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(_resume, "WORK", 4000)


def taken_up(store, texts, state="weights A", specs=SPECS):
    """Encode with a new encoder and return what it was asked, and the arrays."""
    loaded = Lengths(state)
    resumed = _resume.Resumed(loaded, specs, store.artifacts)
    arrays = resumed.encode(texts)
    for X in arrays:
        np.testing.assert_array_equal(X[:, 0], [len(text) for text in texts])
    return loaded.asked, resumed


def kept(store):
    folder = Path(store.artifacts.base, "chunks")
    return sorted(folder.glob("*.npz")) if folder.is_dir() else []


def test_a_chunk_is_encoded_once(sqlite_store, small, texts):
    asked, first = taken_up(sqlite_store, texts)
    assert len(asked) == len(kept(sqlite_store)) > 5
    again, second = taken_up(sqlite_store, texts)
    assert again == []
    assert (second.n_tokens, second.seconds) == (first.n_tokens, first.seconds)
    second.forget()
    assert kept(sqlite_store) == []


def test_chunks_are_taken_for_the_same_work_only(sqlite_store, small, texts):
    taken_up(sqlite_store, texts)
    others = [
        {"texts": [*texts[:-1], "another"]},
        {"texts": texts[::-1]},
        {"texts": texts, "state": "weights B"},
        {"texts": texts, "specs": SPECS[::-1]},
    ]
    for other in others:
        asked, resumed = taken_up(sqlite_store, **other)
        assert sum(map(len, asked)) == len(texts)
        resumed.forget()
    assert taken_up(sqlite_store, texts)[0] == []


def test_a_damaged_chunk_is_encoded_again(sqlite_store, small, texts):
    taken_up(sqlite_store, texts)
    victims = kept(sqlite_store)[1:3]
    victims[0].write_bytes(victims[0].read_bytes()[:-8])
    victims[1].unlink()
    asked, _ = taken_up(sqlite_store, texts)
    assert len(asked) == 2
    assert taken_up(sqlite_store, texts)[0] == []


def test_what_is_one_chunk_or_quick_is_encoded_whole_and_as_it_stands(sqlite_store, texts):
    assert taken_up(sqlite_store, texts)[0] == [texts]
    assert taken_up(sqlite_store, [])[0] == [[]]
    quick = Lengths()
    del quick.state
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_resume, "WORK", 4000)
        _resume.Resumed(quick, SPECS, sqlite_store.artifacts).encode(texts)
    assert quick.asked == [texts]
    assert kept(sqlite_store) == []


def test_values_that_are_not_finite_are_not_kept(sqlite_store, small, texts):
    class Broken(Lengths):
        def encode(self, texts):
            return [X * np.float32("nan") for X in super().encode(texts)]

    _resume.Resumed(Broken(), SPECS, sqlite_store.artifacts).encode(texts)
    assert kept(sqlite_store) == []


# --- a real encoder, really killed

CHILD = """
import sys, time
from charz import store as stores
from charz.records import Silence
from charz.steps import _resume, embed

class Stuck(Silence):
    def flow(self, counts, within):
        print("texts", counts["texts"])
        time.sleep(600)

_resume.WORK = int(sys.argv[2])
with stores.open(sys.argv[1]) as store:
    embed.run(store, progress=Stuck())
"""
SIZE = 8000


@pytest.fixture(scope="module")
def tiny_bert(build_bert):  # noqa: F811
    return build_bert("small")


class Flow(Silence):
    """Keeps what was told."""

    def __init__(self):
        self.counts, self.withins = [], []

    def flow(self, counts, within):
        self.counts.append(counts)
        self.withins.append(within)


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """A dataset of some hundred texts, some of them twice."""
    chance = random.Random(1)
    folder = tmp_path_factory.mktemp("words")
    for split, n in (("train", 400), ("test", 30)):
        made = [" ".join(chance.choices(WORDS, k=chance.randint(1, 60))) for _ in range(n)]
        rows = [{"text": text, "label": "ab"[i % 2]} for i, text in enumerate([*made, made[0]])]
        tiny.write(folder / f"{split}.csv", rows)
    return folder


def registry(url, words, spec):
    store = stores.open(url, create=True)
    ingest.dataset(store, str(words), name="words")
    ingest.encoder(store, spec)
    return store


def hashes(store):
    ids = {row["id"]: row["name"] for row in (store.get("split", id=i) for i in (1, 2))}
    rows = (
        store.get("embedding", encoder_id=e, split_id=s, basis_id=1)
        for e in range(1, store.count("encoder") + 1) for s in ids
    )  # fmt: skip
    return {(row["encoder_id"], ids[row["split_id"]]): row["vectors_hash"] for row in rows}


def test_a_killed_embedding_is_taken_up_where_it_was(tiny_bert, words, tmp_path, monkeypatch):
    pytest.importorskip("sentence_transformers")
    monkeypatch.delenv("CHARZ_ARTIFACTS", raising=False)
    monkeypatch.setattr(_resume, "WORK", SIZE)
    spec = f"st:{tiny_bert}?layer=all&pooling=mean,cls"
    with registry(f"sqlite:///{tmp_path / 'calm.db'}", words, spec) as calm:
        flow = Flow()
        undisturbed = embed.run(calm, progress=flow)
        expected = hashes(calm)
        assert kept(calm) == []
    n_specs = len(expand(spec))
    assert (undisturbed.done, undisturbed.failed) == (2 * n_specs, 0)
    assert len(flow.counts) > 6  # the training split came in several chunks
    assert flow.counts[-1] == undisturbed.counts
    assert flow.withins == sorted(flow.withins)
    assert flow.withins[-1] == pytest.approx(2 * n_specs)

    url = f"sqlite:///{tmp_path / 'killed.db'}"
    registry(url, words, spec).close()
    process = processes.start(CHILD, url, str(SIZE))
    (told,) = processes.kill(process, after=1)
    n_first = int(told.removeprefix("texts "))
    with stores.open(url) as store:
        assert store.count("embedding") == 0
        assert len(kept(store)) == 1
        rerun = embed.run(store)
        assert hashes(store) == expected
        assert kept(store) == []
    assert 0 < n_first < undisturbed.counts["texts"] / 3
    assert rerun.counts["kept"] == n_first
    assert rerun.counts["texts"] == undisturbed.counts["texts"] - n_first
    assert rerun.counts["tokens"] < undisturbed.counts["tokens"]


def test_cost_counts_what_the_killed_run_did(tiny_bert, words, tmp_path, monkeypatch):
    pytest.importorskip("sentence_transformers")
    monkeypatch.delenv("CHARZ_ARTIFACTS", raising=False)
    monkeypatch.setattr(_resume, "WORK", SIZE)
    tokens = []
    for name, stop in (("calm", None), ("stopped", 2)):
        with registry(f"sqlite:///{tmp_path / name}.db", words, f"st:{tiny_bert}") as store:
            if stop:
                with pytest.raises(KeyboardInterrupt):
                    embed.run(store, progress=Interrupted(stop))
                assert len(kept(store)) == stop
            embed.run(store)
            row = store.get("embedding", encoder_id=1, split_id=1, basis_id=1)
            tokens.append(row["n_tokens"])
            assert row["seconds"] > 0
    assert tokens[0] == tokens[1]


class Interrupted(Silence):
    """Somebody presses control-C after some chunks."""

    def __init__(self, after):
        self.left = after

    def flow(self, counts, within):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def test_workers_tell_what_passes_through(words, tmp_path, monkeypatch):
    monkeypatch.delenv("CHARZ_ARTIFACTS", raising=False)
    with registry(f"sqlite:///{tmp_path / 'charz.db'}", words, "random:hash?dims=8") as store:
        ingest.dataset(store, str(words), name="again")
        splits = [_examples.texts(store, store.get("split", id=i)).texts for i in (1, 2)]
        n_distinct = sum(len(set(texts)) for texts in splits)
        alone = embed.run(store)
        with store.write() as writer:
            writer.execute(stores.TABLES["embedding"].delete())
        beside = embed.run(store, workers=2)
    assert alone.counts == beside.counts
    assert alone.counts["texts"] == 2 * n_distinct
    assert "kept" not in beside.counts
