"""Embeddings computed elsewhere: each format, and each way to get it wrong."""

from __future__ import annotations

import hashlib
import json
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from charz.encoders import array, describe
from charz.errors import InputError
from charz.records import EncoderSpec

TEXTS = ["plain", "", 'with, comma and "quote"', "two\nlines", "日本 🎉"]
X = np.arange(15, dtype=np.float64).reshape(5, 3) / 7


def write_lists(folder):
    pq.write_table(pa.table({"text": TEXTS, "embedding": X.tolist()}), folder / "e.parquet")


def write_fixed_lists(folder):
    lists = pa.FixedSizeListArray.from_arrays(pa.array(X.ravel(), pa.float32()), 3)
    pq.write_table(pa.table({"embedding": lists, "text": TEXTS, "id": TEXTS}), folder / "e.parquet")


def write_columns(folder):
    columns = {f"d{place}": X[:, place] for place in range(3)}
    pq.write_table(pa.table({"text": TEXTS, **columns}), folder / "e.parquet")


def write_npz(folder):
    np.savez_compressed(folder / "e.npz", texts=np.array(TEXTS), embeddings=X)


def write_hashes(folder):
    digests = [hashlib.sha256(text.encode()).hexdigest().upper() for text in TEXTS]
    np.savez(folder / "e.npz", sha256=np.array(digests), embeddings=X)


def write_jsonl(folder):
    np.save(folder / "e.npy", X.astype(np.float16))
    lines = [json.dumps({"text": text}) for text in TEXTS]
    (folder / "e.texts.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_strings(folder):
    np.save(folder / "e.npy", np.asfortranarray(X))
    lines = [json.dumps(text) for text in TEXTS]
    (folder / "e.npy.texts.jsonl").write_text("\n".join(lines), encoding="utf-8")


def write_csv(folder):
    import csv

    np.save(folder / "e.npy", X)
    with (folder / "e.texts.csv").open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerows([["id", "text"], *enumerate(TEXTS)])


WRITERS = [
    write_lists, write_fixed_lists, write_columns, write_npz, write_hashes, write_jsonl,
    write_strings, write_csv,
]  # fmt: skip


def spec_of(folder):
    (path,) = (path for path in folder.iterdir() if path.suffix in (".npy", ".npz", ".parquet"))
    return EncoderSpec.parse(f"array:{path}")


@pytest.mark.parametrize("writer", WRITERS)
def test_looks_texts_up(tmp_path, writer):
    writer(tmp_path)
    order = [3, 0, 4, 1, 2]
    (found,) = array.load([spec_of(tmp_path)]).encode([TEXTS[row] for row in order])
    np.testing.assert_allclose(found, X[order], rtol=1e-3)
    facts = describe(spec_of(tmp_path))
    assert (facts.n_dims, facts.lineage, facts.extra["n_texts"]) == (3, "e", 5)


def test_text_file_of_lines(tmp_path):
    np.save(tmp_path / "e.npy", X[:3])
    (tmp_path / "e.texts.txt").write_bytes("one\r\n\r\nthree\u2028still\r\n".encode())
    (found,) = array.load([spec_of(tmp_path)]).encode(["three\u2028still", ""])
    np.testing.assert_allclose(found, X[[2, 1]], rtol=1e-6)


def test_names_missing_texts(tmp_path):
    write_npz(tmp_path)
    with pytest.raises(InputError, match=r"no vector for 2 of 3 texts, the first 'other'"):
        array.load([spec_of(tmp_path)]).encode(["plain", "other", "Plain"])


def test_repeated_texts_may_repeat_their_vector(tmp_path):
    np.savez(tmp_path / "e.npz", texts=np.array(["a", "a"]), embeddings=X[[1, 1]])
    np.testing.assert_allclose(array.load([spec_of(tmp_path)]).encode(["a"])[0], X[[1]], rtol=1e-6)


def test_fingerprint_follows_the_files(tmp_path):
    write_jsonl(tmp_path)
    before = describe(spec_of(tmp_path)).fingerprint
    assert describe(spec_of(tmp_path).replace(dims="2")).fingerprint == before
    np.save(tmp_path / "e.npy", X + 1)
    os.utime(tmp_path / "e.npy", ns=(1, 1))
    assert describe(spec_of(tmp_path)).fingerprint != before


def npz(**arrays):
    return lambda folder: np.savez(folder / "e.npz", **arrays)


def parquet(**columns):
    return lambda folder: pq.write_table(pa.table(columns), folder / "e.parquet")


def npy(content, lines=("a", "b")):
    def write(folder):
        np.save(folder / "e.npy", content)
        (folder / "e.texts.txt").write_text("\n".join(lines))

    return write


def raw(name, content):
    return lambda folder: (folder / name).write_bytes(content)


def alone(folder):
    np.save(folder / "e.npy", X)


def twice(folder):
    write_jsonl(folder)
    write_csv(folder)


def cut(folder):
    write_npz(folder)
    content = (folder / "e.npz").read_bytes()
    (folder / "e.npz").write_bytes(content[: len(content) // 2])


TWO = np.array(["a", "b"])
HOLES = np.where(X > 1.5, np.nan, X)
WRONG = {
    "objects": (npz(texts=np.array(["a", "b"], dtype=object), embeddings=X[:2]), "run code"),
    "object vectors": (npy(np.array([[1], [2, 3]], dtype=object)), "run code"),
    "no texts": (npz(embeddings=X), "arrays embeddings"),
    "both keys": (npz(embeddings=X[:2], texts=TWO, sha256=TWO), "either 'texts' or"),
    "number texts": (npz(embeddings=X[:2], texts=np.array([1, 2])), "dtype int64"),
    "one dimension": (npz(embeddings=X[0], texts=np.array(["a"] * 3)), r"shape \(3,\)"),
    "no columns": (npz(embeddings=X[:2, :0], texts=TWO), r"shape \(2, 0\)"),
    "no rows": (npz(embeddings=X[:0], texts=TWO[:0]), r"shape \(0, 3\)"),
    "complex": (npz(embeddings=X[:2] + 1j, texts=TWO), "complex128"),
    "strings": (npz(embeddings=X[:2].astype(str), texts=TWO), "dtype <U"),
    "too few": (npz(embeddings=X, texts=TWO), "5 vectors for 2 texts"),
    "nan": (npz(embeddings=HOLES, texts=np.array(TEXTS)), "2 rows, the first 3"),
    "overflow": (npz(embeddings=X[:2] + 1e300, texts=TWO), "NaN or infinite"),
    "two vectors": (npz(embeddings=X[:2], texts=np.array(["a", "a"])), "rows 0 and 1"),
    "ragged": (parquet(text=["a", "b"], embedding=[[1.0], [1.0, 2.0]]), "several lengths"),
    "evenly ragged": (parquet(text=["a", "b"], embedding=[[1.0], [1.0] * 3]), "several lengths"),
    "null vector": (parquet(text=["a", "b"], embedding=[[1.0], None]), "no list in every row"),
    "null number": (parquet(text=["a"], embedding=[[1.0, None]]), "nulls"),
    "null column": (parquet(text=["a", "b"], d=[1.0, None]), "NaN"),
    "flat": (parquet(text=["a"], embedding=[1.0]), "no list in every row"),
    "null text": (parquet(text=["a", None], embedding=[[1.0], [2.0]]), "no text in row 1"),
    "no text column": (parquet(words=["a"], embedding=[[1.0]]), "no column 'text'"),
    "text only": (parquet(text=["a"]), "no embeddings"),
    "other column": (parquet(text=["a"], label=["x"]), "column 'label' of type"),
    "not parquet": (raw("e.parquet", b"PAR1 no"), "no readable Parquet"),
    "half magic": (raw("e.npz", b"PK\x03\x04no"), "no readable NumPy"),
    "not npz": (raw("e.npz", b"PK no"), "no NumPy file"),
    "empty npz": (raw("e.npz", b""), "no readable NumPy"),
    "half a file": (cut, "no readable NumPy"),
    "pickle": (raw("e.npz", b"\x80\x04]."), "run code"),
    "no sidecar": (alone, "no text file beside it"),
    "two sidecars": (twice, "2 text files beside it"),
    "short sidecar": (npy(X), "5 vectors for 2 texts"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_refuses(tmp_path, case):
    write, message = WRONG[case]
    write(tmp_path)
    with pytest.raises(InputError, match=message) as caught:
        describe(spec_of(tmp_path))
    assert str(tmp_path) in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("e.texts.jsonl", b'"a"\n{', "no JSON"),
        ("e.texts.jsonl", b'"a"\n{"label": 1}', "no text in row 1"),
        ("e.texts.csv", b"words\na\nb\n", "no column 'text'"),
        ("e.texts.csv", b'text\n"a\n', "no CSV"),
        ("e.texts.txt", b"a\n\xff", "UTF-8"),
    ],
)
def test_refuses_text_files(tmp_path, name, content, message):
    np.save(tmp_path / "e.npy", X[:2])
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        describe(spec_of(tmp_path))


def test_refuses_other_formats(tmp_path):
    (tmp_path / "e.pkl").write_bytes(b"")
    with pytest.raises(InputError, match="no file of embeddings"):
        describe(EncoderSpec.parse(f"array:{tmp_path / 'e.pkl'}"))
    with pytest.raises(InputError, match="there is no file"):
        describe(EncoderSpec.parse(f"array:{tmp_path / 'e.npy'}"))
