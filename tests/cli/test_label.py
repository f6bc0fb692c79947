"""``charz label`` as its users meet it."""

import csv
import io
import json

import pytest

from tests.cli.conftest import table, texts

ENCODER = ("--encoder", "random:hash?dims=16")


@pytest.fixture
def pool(tmp_path):
    """Write a pool of which the first twelve texts are labelled."""
    rows = [(text, label if i < 12 else "") for i, (text, label) in enumerate(texts(60, 3))]
    return table(tmp_path / "pool.csv", rows)


def test_rows_say_what_to_label_and_why(rows, pool):
    found = rows("label", *ENCODER, "--pool", pool, "--budget", 7)
    assert [row["rank"] for row in found] == list(range(1, 8))
    known = texts(60, 3)
    assert all(known[row["row"]][0] == row["text"] for row in found)
    assert all(row["row"] >= 12 and row["strategy"] and row["reason"] for row in found)


def test_filling_in_labels_goes_on_where_it_was(rows, pool, tmp_path):
    known = texts(60, 3)
    labelled = set(range(12))
    for _ in range(4):
        found = rows("label", *ENCODER, "--pool", pool, "--budget", 12)
        new = {row["row"] for row in found}
        assert len(new) == 12
        assert not new & labelled
        labelled |= new
        table(pool, [(t, c if i in labelled else "") for i, (t, c) in enumerate(known)])
    assert labelled == set(range(60))


def written(path, rows):
    """Write rows as spreadsheets do: quoted where they must be."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def test_what_is_suggested_is_filled_in_and_given_back(charz, tmp_path):
    known = {f'{text}, said he;\n"{text}"': label for text, label in texts(40, 3)}
    bare = written(tmp_path / "bare.csv", [("text",), *((text,) for text in known)])
    files, seen = [], []
    for name in ("first.csv", "second.csv", "third.csv"):
        given = [part for file in files for part in ("--labelled", file)]
        result = charz("label", *ENCODER, "--pool", bare, "--budget", 9, *given)
        header, *found = csv.reader(io.StringIO(result.stdout))
        assert header == ["row", "text", "label", "rank", "strategy", "reason"]
        assert {row[2] for row in found} == {""}
        seen += [row[1] for row in found]
        done = [[*row[:2], known[row[1]], *row[3:]] for row in found]
        files.append(written(tmp_path / name, [header, *done]))
    assert len(set(seen)) == len(seen) == 27
    assert set(seen) <= set(known)


def test_rows_of_a_labelled_file_may_still_lack_their_label(charz, pool, tmp_path):
    rows = [(text, label if i else "") for i, (text, label) in enumerate(texts(60, 3)[12:20])]
    done = table(tmp_path / "done.csv", rows)
    told = charz("label", *ENCODER, "--pool", pool, "--labelled", done).stderr
    assert "1 rows of" in told
    assert "missing label" in told
    assert "19 texts of" in told


def test_pairs_are_given_back_as_pairs(rows, tmp_path):
    pairs = [(f"{text} one", f"{text} two") for text, _ in texts(9, 3)]
    pool = table(tmp_path / "pairs.csv", pairs, header="text,text_pair")
    found = rows("label", *ENCODER, "--pool", pool, "--budget", 4)
    assert {(row["text"], row["text_pair"]) for row in found} <= set(pairs)
    done = table(tmp_path / "done.csv", [(*pairs[0], "a")], header="text,text_pair,label")
    then = rows("label", *ENCODER, "--pool", pool, "--labelled", done, "--budget", 9)
    assert {row["row"] for row in then} == set(range(1, 9))


def test_the_talk_says_what_labels_gain_and_when_to_stop(charz, pool):
    result = charz("label", *ENCODER, "--pool", pool, "--budget", 5, "--stop-below", 0.01)
    assert result.exit_code == 0
    assert "12 texts of 2 classes labelled, 48 different ones left" in result.stderr
    assert "from 12 to 17 labels" in result.stderr
    assert "go on" in result.stderr
    over = charz("label", *ENCODER, "--pool", pool, "--stop-below", 100)
    assert "stop here" in over.stderr


def test_without_labels_it_says_so_and_still_suggests(charz, tmp_path):
    bare = table(tmp_path / "bare.csv", [(text,) for text, _ in texts(9, 3)], header="text")
    result = charz("label", *ENCODER, "--pool", bare, "--format", "json", "--figure", "a.png")
    assert result.exit_code == 0
    assert len(json.loads(result.stdout)) == 9
    assert "once eight texts of two classes are labelled" in result.stderr
    assert "only 9 different texts" in result.stderr
    assert not (tmp_path / "a.png").exists()


def test_where_all_is_labelled_the_header_stands_alone(charz, tmp_path):
    whole = table(tmp_path / "whole.csv", texts(9, 3))
    result = charz("label", *ENCODER, "--pool", whole, "--stop-below", 1, "--label-column", "label")
    assert result.stdout == "row,text,label,rank,strategy,reason\n"
    assert "nothing is left to label" in result.stderr


@pytest.mark.parametrize("name", ["gain.png", "gain.svg"])
def test_the_picture_is_drawn_in_a_file_and_in_letters(charz, pool, tmp_path, name):
    result = charz("label", *ENCODER, "--pool", pool, "--figure", name)
    assert result.exit_code == 0, result.output
    assert (tmp_path / name).stat().st_size > 1000
    assert "accuracy gained" in result.stderr


@pytest.mark.parametrize(("options", "told"), [
    (("--strategy", "margins"), "did you mean 'margin'"),
    (("--pool", "nowhere.csv"), "nowhere.csv"),
    (("--labelled", "nowhere.csv"), "nowhere.csv"),
    (("--figure", "gain.txt"), "no picture"),
    (("--stop-below", "nan"), "no number of points"),
])  # fmt: skip
def test_bad_input_is_one_error_with_a_remedy(charz, pool, options, told):
    result = charz("label", *ENCODER, "--pool", pool, *options)
    assert result.exit_code == 1
    assert told in result.stderr
    assert "remedy" in result.stderr


@pytest.mark.parametrize("options", [
    ("--budget", "0"), ("--stop-below", "0"), ("--stop-below", "101"), ("--seed", "x"),
])  # fmt: skip
def test_numbers_out_of_range_are_wrong_usage(charz, pool, options):
    assert charz("label", *ENCODER, "--pool", pool, *options).exit_code == 2
