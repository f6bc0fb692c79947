"""Pairs, options, expansion and model cards."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from charz.encoders import _card, _files, expand
from charz.encoders._output import finish
from charz.encoders._pairs import combine
from charz.errors import InputError, UnknownNameError


@given(n=some.integers(0, 4), n_dims=some.integers(1, 5), seed=some.integers(0, 9))
@settings(deadline=None)
def test_pairs_are_concatenations(n, n_dims, seed):
    u, v = np.random.default_rng(seed).normal(size=(2, n, n_dims)).astype(np.float32)
    expected = np.hstack([np.abs(u - v), u * v])
    np.testing.assert_array_equal(combine(u, v), expected)
    np.testing.assert_array_equal(combine(u, v, "full"), np.hstack([u, v, expected]))
    np.testing.assert_array_equal(combine(u, v), combine(v, u))
    assert combine(u, v, "full").dtype == np.float32


def test_pairs_refuse_nonsense():
    u = np.zeros((2, 3))
    with pytest.raises(UnknownNameError, match="did you mean 'full'"):
        combine(u, u, "ful")
    for other in (np.zeros((3, 3)), np.zeros((2, 2)), np.zeros(3)):
        with pytest.raises(InputError, match="shapes"):
            combine(u, other)


@given(n=some.integers(0, 5), n_dims=some.integers(1, 6), kept=some.integers(1, 6))
@settings(deadline=None)
def test_finish_cuts_then_scales(n, n_dims, kept):
    X = np.random.default_rng(n).normal(size=(n, n_dims))
    out = finish(X, min(kept, n_dims), normalize=True)
    part = X[:, :kept]
    np.testing.assert_allclose(out, part / np.linalg.norm(part, axis=1, keepdims=True), atol=1e-6)
    assert not np.shares_memory(out, finish(out, n_dims, normalize=False))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tfidf:", ["tfidf:"]),
        ("tfidf:?analyzer=word,char", ["tfidf:?analyzer=word", "tfidf:?analyzer=char"]),
        ("tfidf:?dims=8,8", ["tfidf:?dims=8"]),
        ("random:hash?seed=0..2", [f"random:hash?seed={seed}" for seed in range(3)]),
        ("random:hash?seed=1,5..6", [f"random:hash?seed={seed}" for seed in (1, 5, 6)]),
        ("st:org/model?prompt=a, b", ["st:org/model?prompt=a,%20b"]),
        (
            "st:org/model@v1?layer=0..1&pooling=mean,cls",
            [
                f"st:org/model@v1?layer={layer}&pooling={pooling}"
                for layer in (0, 1)
                for pooling in ("mean", "cls")
            ],
        ),
    ],
)
def test_expand(text, expected):
    assert [str(spec) for spec in expand(text)] == expected


def test_expand_asks_the_checkpoint_for_its_layers(tiny):
    specs = expand(f"st:{tiny}?layer=all&prompt=x")
    assert [spec.settings["layer"] for spec in specs] == ["0", "1", "2", "3"]
    assert {spec.settings["prompt"] for spec in specs} == {"x"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tfidf:?dims=8,", "empty part"),
        ("random:hash?seed=5..2", "range seed=5..2"),
        ("random:hash?seed=0..999999", "range"),
        ("random:hash?seed=0..99&dims=1,2,3,4,5,6,7,8,9,10,11,12", "1200 encoders"),
        ("tfidf:?layer=all", "unknown option 'layer'"),
        ("random:hash?layer=all", "no layers"),
        ("nothing:", "unknown encoder 'nothing'"),
        ("nothing", "no encoder spec"),
    ],
)
def test_expand_refuses(text, message):
    with pytest.raises((InputError, UnknownNameError), match=message):
        expand(text)


@pytest.mark.parametrize(
    ("front", "base", "licence"),
    [
        ("license: mit\nbase_model: org/base", "org/base", "mit"),
        ("base_model:\n- org/base\n- org/other\nlicense: 'mit'", "org/base", "mit"),
        ('base_model: ["org/base"]', "org/base", None),
        ("license_name: x\ntags:\n- license: no", None, None),
        ("license:", None, None),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_cards(tmp_path, front, base, licence, newline):
    text = f"---\n{front}\n---\n# Title\nlicense: gpl\n".replace("\n", newline)
    (tmp_path / "README.md").write_bytes(text.encode())
    assert _card.read_card(tmp_path) == _card.Card(base, licence)


@pytest.mark.parametrize("content", [b"", b"# no front matter\nlicense: mit", b"---\n\xff\xfe"])
def test_odd_cards_say_nothing(tmp_path, content):
    assert _card.read_card(tmp_path) == _card.Card()
    (tmp_path / "README.md").write_bytes(content)
    assert _card.read_card(tmp_path) == _card.Card()


def test_lineage_of_twins():
    base = _card.lineage("sentence-transformers/all-MiniLM-L6-v2", _card.Card(), {})
    tuned = _card.lineage("x", _card.Card("sentence-transformers/all-MiniLM-L6-v2"), {})
    local = _card.lineage(
        "/data/y", _card.Card(), {"_name_or_path": "nreimers/MiniLM-L6-H384-uncased"}
    )
    assert base == tuned == local
    assert _card.lineage("Org/Mine", _card.Card(), {"_name_or_path": "output/training-1"}) == "mine"
    assert _card.lineage("", _card.Card(), {}) == "unknown"
    assert set(_card.ANCESTORS.values()).isdisjoint(_card.ANCESTORS)


def test_safetensors_headers(tmp_path):
    from safetensors.numpy import save_file

    path = tmp_path / "x.safetensors"
    save_file({"a": np.zeros((2, 3)), "b": np.zeros(())}, path, metadata={"format": "np"})
    shapes = _files.tensors(path)
    assert shapes == {"a": (2, 3), "b": ()}
    assert _files.n_elements(shapes.values()) == 7
    whole = path.read_bytes()
    for length in (0, 4, 20, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match="damaged"):
            _files.tensors(path)
    with pytest.raises(InputError, match="cannot be read"):
        _files.tensors(tmp_path / "none")
