"""Fine-tuning a tiny real network: it learns, it repeats itself, and the loop is what it says."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from charz import paths, pending, shelf
from charz.errors import InputError
from charz.probes import fine_tune as tuning
from charz.records import Draw, EncoderSpec, Examples
from charz.sources._split import take
from tests.encoders.conftest import build_bert, plain_bert, vocabulary, wordpiece  # noqa: F401

torch = pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")

QUICK = tuning.Recipe(
    grid=((1e-3, 0), (1e-3, 1)), epochs=3, least_updates=80, batch=8, folds=2, threads=1
)


def texts(n, seed=0):
    """Sentences that are about a cat or a dog, and whose labels hang on what it did."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    words = ["the", "a", "on", "mat", "hat", "film", "food", "very", "not", "is", "was", "it"]
    said = [" ".join(rng.choice(words, 4)) + (" good fun" if code else " bad dull") for code in y]
    return Examples(tuple(said)), y


@pytest.fixture(scope="module")
def spec(build_bert):  # noqa: F811
    return f"st:{build_bert(normalize=False)}"


def test_it_learns_what_words_tell(spec):
    train, y = texts(48)
    asked, truth = texts(40, seed=1)
    got = tuning.fine_tune(spec, train, y, 2, [asked], QUICK)
    P = got.probabilities[0]
    assert P.shape == (40, 2)
    np.testing.assert_allclose(P.sum(axis=1), 1, atol=1e-9)
    assert (P.argmax(axis=1) == truth).mean() > 0.8
    assert got.cv_probabilities.shape == (48, 2)
    assert (got.cv_probabilities.argmax(axis=1) == y).mean() > 0.7
    assert got.chosen in (0.0, 1.0)
    assert got.seconds > 0
    assert set(tuning.setting(got.chosen, QUICK)) == {"rate", "reset_layers"}


def test_the_same_seed_gives_the_same_floats_and_leaves_the_checkpoint(spec):
    from charz.probes.fine_tune._training import Trainer

    train, y = texts(12)
    trainer = Trainer(EncoderSpec.parse(spec), QUICK)
    before = [each.clone() for each in trainer._network.model.parameters()]
    state = torch.random.get_rng_state()
    (first,), (again,) = (trainer.run(train, y, [train], 2, 1) for _ in range(2))
    assert np.array_equal(first, again)
    after = trainer._network.model.parameters()
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert torch.equal(state, torch.random.get_rng_state())
    other = Trainer(EncoderSpec.parse(spec), tuning.Recipe(**{**vars(QUICK), "seed": 1}))
    assert not np.array_equal(first, other.run(train, y, [train], 2, 1)[0])


def test_the_first_step_is_bias_corrected(spec):
    from charz.probes.fine_tune._training import Classifier, groups

    model = torch.nn.Linear(2, 2)
    classifier = Classifier(model, "mean", 2, 2)
    optimizer = torch.optim.AdamW(groups(classifier, 0.0), lr=0.1, fused=True)
    before = classifier.head.weight.detach().clone()
    classifier.head(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    # With correction the first step is the rate, whatever the gradient; without, a third of it.
    moved = before - classifier.head.weight.detach()
    np.testing.assert_allclose(moved.numpy(), 0.1, rtol=1e-4)
    decays = {group["weight_decay"] for group in groups(classifier, 0.5)}
    assert decays == {0.0, 0.5}


def test_layers_are_drawn_anew_from_the_top(spec):
    from charz.probes.fine_tune._training import Trainer, redraw

    trainer = Trainer(EncoderSpec.parse(spec), QUICK)
    fresh = trainer._fresh(1, 2).model
    own = trainer._network.model
    pairs = zip(own.encoder.layer, fresh.encoder.layer, strict=True)
    same = [torch.equal(a.output.dense.weight, b.output.dense.weight) for a, b in pairs]
    assert same == [True, True, False]
    assert torch.equal(
        own.embeddings.word_embeddings.weight, fresh.embeddings.word_embeddings.weight
    )
    norm = fresh.encoder.layer[2].output.LayerNorm
    assert torch.equal(norm.weight, torch.ones(32))
    with pytest.raises(InputError, match="drawn anew"):
        redraw(own, 3, 4)


def test_every_row_is_seen_and_the_rate_ends_at_zero():
    from charz.probes.fine_tune._training import batches, slope

    seen = np.concatenate(list(batches(10, 4, 10, seed=3)))
    assert (np.bincount(seen, minlength=10) == 4).all()
    assert [len(rows) for rows in batches(3, 16, 2, seed=0)] == [3, 3]
    rates = [slope(step, 100, 0.1) for step in range(101)]
    assert max(rates) == 1.0
    assert rates[-1] == 0
    assert all(b > a for a, b in itertools.pairwise(rates[:10]))
    assert all(b < a for a, b in itertools.pairwise(rates[10:]))


def test_few_rows_get_as_many_updates_as_it_takes():
    assert tuning.updates(8, tuning.Recipe()) == 150
    assert tuning.updates(4096, tuning.Recipe()) == 2560


def test_text_pairs_are_read_together(spec):
    same = [("good film", "good film"), ("bad food", "good film")] * 12
    train = Examples(tuple(a for a, _ in same), pairs=tuple(b for _, b in same))
    got = tuning.fine_tune(spec, train, np.arange(24) % 2, 2, [train], QUICK)
    assert (got.probabilities[0].argmax(axis=1) == np.arange(24) % 2).mean() > 0.9


@pytest.mark.parametrize(
    ("y", "changed", "said"),
    [
        ([0, 0, 0, 0], {}, "too few"), ([0, 1], {}, "too few"),
        ([0, 1, 0, 1], {"grid": ()}, "recipe"), ([0, 1, 0, 1], {"folds": 1}, "recipe"),
        ([0, 1, 0, 1], {"warm_up": 1.0}, "recipe"), ([0, 1, 0, 1], {"batch": 0}, "recipe"),
    ],
)  # fmt: skip
def test_what_cannot_be_tuned_is_refused_before_anything_is_loaded(y, changed, said):
    train = Examples(("a",) * len(y))
    with pytest.raises(InputError, match=said):
        tuning.fine_tune("st:nowhere", train, np.array(y), 2, [], tuning.Recipe(**changed))


def test_a_table_of_vectors_has_no_weights_to_tune():
    with pytest.raises(InputError, match="no weights"):
        tuning.check("static:glove", tuning.Recipe())


PARAMETERS = {name: getattr(QUICK, name) for name in tuning.PARAMETERS}


def drawn(spec, draws, n_classes=2, n_pool=40, **changed):
    """Ask as a registry does: draws of one pool."""
    pool, _ = texts(n_pool)
    asked, _ = texts(6, seed=1)
    asked = [asked, take(asked, [4, 1])]
    return list(tuning.predict_texts(spec, pool, draws, asked, n_classes, **PARAMETERS | changed))


def test_a_draw_is_answered_as_a_sample_by_itself_and_whatever_its_company(spec):
    pool, y = texts(40)
    rows = np.random.default_rng(0).permutation(40)
    draws = [Draw(rows[:n], y[rows[:n]]) for n in (8, 12)]
    together = drawn(spec, draws)
    (alone,) = drawn(spec, draws[1:])
    asked, _ = texts(6, seed=1)
    by_hand = tuning.fine_tune(spec, take(pool, rows[:12]), y[rows[:12]], 2, [asked], QUICK)
    for got in (together[1], by_hand):
        assert np.array_equal(got.probabilities[0], alone.probabilities[0])
        assert np.array_equal(got.cv_probabilities, alone.cv_probabilities)
        assert got.chosen == alone.chosen
    part = alone.probabilities[1]
    np.testing.assert_allclose(part, alone.probabilities[0][[4, 1]], atol=1e-6)


def test_absent_classes_get_nothing_and_a_single_one_all(spec):
    y = np.arange(8) % 2
    both, one = drawn(spec, [Draw(np.arange(8), 2 * y), Draw(np.arange(3), np.full(3, 1))], 4)
    for P in (*both.probabilities, both.cv_probabilities):
        assert P.shape[1] == 4
        assert not P[:, [1, 3]].any()
        np.testing.assert_allclose(P.sum(axis=1), 1, atol=1e-9)
    assert np.array_equal(one.probabilities[0], np.tile([0.0, 1.0, 0.0, 0.0], (6, 1)))


def test_a_spec_that_names_a_layer_is_cut_to_it(spec):
    from charz.probes.fine_tune._training import Trainer, cut

    trainer = Trainer(EncoderSpec.parse(f"{spec}?layer=2"), QUICK)
    own = trainer._network.model
    model = trainer._fresh(0, 2).model.eval()
    assert len(model.encoder.layer) == 2
    inputs = {"input_ids": torch.tensor([[2, 7, 9, 3]]), "attention_mask": torch.ones(1, 4).long()}
    with torch.inference_mode():
        every = own(**inputs, output_hidden_states=True).hidden_states
        assert torch.equal(model(**inputs).last_hidden_state, every[2])
    with pytest.raises(InputError, match="cut to 0 of 3"):
        cut(own, 3, 0)


def test_a_prompt_stands_before_every_text(spec):
    from charz.probes.fine_tune._training import Trainer

    plain, prompted = (
        Trainer(EncoderSpec.parse(spec + end), QUICK)._tokens(Examples((text,)))
        for end, text in (("", "query: good film"), ("?prompt=query:%20", "good film"))
    )
    assert np.array_equal(plain.columns["input_ids"], prompted.columns["input_ids"])


def test_the_parameters_are_those_of_the_recipe():
    assert tuning.Recipe(**tuning.PARAMETERS) == tuning.Recipe()
    with pytest.raises(InputError, match="no weights"):
        list(tuning.predict_texts("tfidf:", Examples(("a",)), [], [], 2))


def test_the_registry_asks_it_of_the_kinds_that_it_can_train():
    texts_alone = {name for name in shelf.names("probes")
                   if hasattr(shelf.load("probes", name), "predict_texts")}  # fmt: skip
    assert texts_alone == {pending.TRAINING}
    assert tuning.KINDS == pending.TRAINABLE
    for name in ("missing_cells", "checks/missing_cells"):
        (kind,) = tuning.KINDS
        asked = f"p.name <> '{pending.TRAINING}' OR e.kind = '{kind}'"
        assert asked in (paths.queries() / f"{name}.sql").read_text(encoding="utf-8")
