import numpy as np
import pytest
import sqlalchemy as sa

from charz import encoders, shelf
from charz.errors import InputError
from charz.schema import TABLES
from charz.steps import embed, ingest, status, subset, update
from tests import tiny

REPEATED = [
    {"text": text, "text_pair": pair, "label": label}
    for text, pair, label in [
        ("one two", "two three", "x"), ("one two", "one two", "y"), ("two three", "four", "x"),
        ("four", "one two", "y"), ("five", "five", "x"), ("six", "one two", "y"),
    ]
]  # fmt: skip


def vectors(store, spec, name, split, basis=None):
    dataset = store.get("dataset", name=name)
    split_id = store.get("split", dataset_id=dataset["id"], name=split)["id"]
    basis_id = store.get("dataset", name=basis or name)["id"]
    encoder_id = store.get("encoder", spec=spec)["id"]
    row = store.get("embedding", encoder_id=encoder_id, split_id=split_id, basis_id=basis_id)
    return store.artifacts.array(row["vectors_hash"])


def loaded(text):
    specs = encoders.expand(text)
    return shelf.load("encoders", specs[0].kind).load(specs)


def write(tmp_path, name, train, test):
    tiny.write(tmp_path / name / "train.csv", train)
    tiny.write(tmp_path / name / "test.csv", test)
    return str(tmp_path / name)


@pytest.mark.parametrize("pairs", [False, True])
def test_rows_stand_beside_their_texts(store, tmp_path, pairs):
    """Repeats and pairs included: the same as encoding every text alone."""
    rows = [{"text": row["text"], "label": row["label"]} for row in REPEATED]
    table = REPEATED if pairs else rows
    ingest.dataset(store, write(tmp_path, "d", table, table))
    ingest.encoder(store, "random:hash?dims=8")
    assert embed.run(store).done == 2
    alone = loaded("random:hash?dims=8")
    for split in ("train", "test"):
        expected = []
        for row in table:
            (u,) = alone.encode([row["text"]])[0]
            if pairs:
                (v,) = alone.encode([row["text_pair"]])[0]
                u = np.concatenate([abs(u - v), u * v])
            expected.append(u)
        found = vectors(store, "random:hash?dims=8", "d", split)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


def test_fitted_encoders_learn_from_training_texts_alone(store, tmp_path):
    train = tiny.rows("books", 20, seed=0)
    alien = [{"text": "zebra quagga zebra", "label": "good"}, *tiny.rows("books", 5, seed=1)]
    for name, test in (("with", alien), ("without", alien[1:])):
        ingest.dataset(store, write(tmp_path, name, [{**row, "text": f"{row['text']} {name}"}
                                                     for row in train], test))  # fmt: skip
    ingest.encoder(store, "tfidf:?dims=8")
    embed.run(store)
    there = vectors(store, "tfidf:?dims=8", "with", "test")
    assert not there[0].any()
    model = loaded("tfidf:?dims=8")
    model.fit([f"{row['text']} with" for row in train])
    np.testing.assert_allclose(
        there, model.encode([row["text"] for row in alien])[0], rtol=1e-5, atol=1e-6
    )


def test_a_shifted_split_is_embedded_by_what_the_training_dataset_taught(store, tmp_path):
    folders = tiny.datasets(tmp_path / "data")
    for name in ("books", "films"):
        ingest.dataset(store, str(folders[name]), **tiny.FACTS[name])
    ingest.encoder(store, "tfidf:?dims=8")
    subset.protocol(store, "shift", sampler="shifted", sizes=[16], n_seeds=1)
    subset.run(store)
    assert embed.run(store).done == 4 + 2
    model = loaded("tfidf:?dims=8")
    model.fit([row["text"] for row in tiny.rows("books", 45, 0)])
    expected = model.encode([row["text"] for row in tiny.rows("films", 24, 1)])[0]
    found = vectors(store, "tfidf:?dims=8", "films", "test", basis="books")
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_half_precision_keeps_three_digits(store, tmp_path):
    ingest.dataset(store, str(tiny.datasets(tmp_path / "data")["books"]))
    ingest.encoder(store, "random:hash?dims=8")
    embed.run(store, dtype="float16")
    found = vectors(store, "random:hash?dims=8", "books", "test")
    exact = loaded("random:hash?dims=8").encode([r["text"] for r in tiny.rows("books", 24, 1)])[0]
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, exact, rtol=1e-3, atol=1e-4)
    with pytest.raises(InputError, match="float64"):
        embed.run(store, dtype="float64")


def array(tmp_path, table, first):
    texts = sorted({row["text"] for row in table})
    X = np.full((len(texts), 3), 0.5, dtype=np.float32)
    X[0, 0] = first
    np.savez(tmp_path / "v.npz", embeddings=X, texts=np.array(texts))
    return f"array:{tmp_path / 'v.npz'}"


def test_values_beyond_half_precision_are_refused(store, tmp_path):
    table = tiny.rows("books", 9, 0)
    ingest.dataset(store, write(tmp_path, "d", table, table))
    ingest.encoder(store, array(tmp_path, table, 1e6))
    summary = embed.run(store, dtype="float16")
    assert (summary.done, summary.failed, store.count("embedding")) == (0, 2, 0)
    assert "too large for float16" in summary.notes[0]
    assert embed.run(store).done == 2
    assert store.count("failure") == 0


def test_vectors_that_are_not_finite_are_refused(store, tmp_path):
    """The file's own values are finite; the product of a pair is not."""
    ingest.dataset(store, write(tmp_path, "d", REPEATED, REPEATED))
    texts = np.array(sorted({row[key] for row in REPEATED for key in ("text", "text_pair")}))
    X = np.full((len(texts), 2), 1e30, dtype=np.float32)
    np.savez(tmp_path / "huge.npz", embeddings=X, texts=texts)
    ingest.encoder(store, f"array:{tmp_path / 'huge.npz'}")
    summary = embed.run(store)
    assert (summary.failed, store.count("embedding")) == (2, 0)
    assert "NaN or infinite" in summary.notes[0]
    (failure,) = status.failures(store)
    assert (failure["step"], failure["n_attempts"]) == ("embed", 1)
    embed.run(store)
    assert status.failures(store)[0]["n_attempts"] == 2


def test_a_lost_artifact_is_made_again(finished, truth):
    (path, *_) = artifacts(finished)
    finished.artifacts.fs.rm(path)
    assert embed.run(finished).done >= 1
    assert finished.artifacts.fs.exists(path)
    assert tiny.contents(finished) == truth


def artifacts(store):
    table = TABLES["embedding"]
    rows = store.rows(sa.select(table.c.vectors_hash).order_by(table.c.encoder_id))
    return [store.artifacts.path(row["vectors_hash"], ".npy") for row in rows]


def test_a_damaged_artifact_is_set_aside_and_made_again(finished, truth):
    """Found by the probes that read it; the same update goes round once more."""
    paths = artifacts(finished)
    for path in (paths[0], paths[-1]):
        with open(path, "r+b") as file:
            file.seek(-4, 2)
            file.write(b"\x00\x01\x02\x03")
    with finished.write() as writer:
        writer.execute(TABLES["result"].delete())
    summaries = {summary.step: summary for summary in update.run(finished)}
    assert (summaries["probe"].failed, summaries["embed"].failed) == (0, 0)
    for path in (paths[0], paths[-1]):
        assert finished.artifacts.fs.exists(path + ".damaged")
    assert tiny.contents(finished) == truth
