"""Rows as programs and eyes get them."""

import csv
import io
import json
import math
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz.cli import output
from charz.cli._table import cell, fitting
from charz.cli._text import escaped

CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(), st.text(),
    st.lists(st.floats(), max_size=3), st.dictionaries(st.text(), st.floats(), max_size=3),
)  # fmt: skip
ROWS = st.lists(st.fixed_dictionaries({"a": CELLS, "b": CELLS}), max_size=5)


def strict(text):
    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def missing(value):
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def same(written, value):
    if missing(value):
        return written is None
    if isinstance(value, list):
        return all(map(same, written, value))
    if isinstance(value, dict):
        return written.keys() == value.keys() and all(same(written[k], value[k]) for k in value)
    return written == value and type(written) is type(value)


@settings(deadline=None)
@given(ROWS)
def test_json_is_strict_and_loses_no_digit(rows):
    for style in ("json", "ndjson"):
        text = output.text(rows, style, ["a", "b"])
        assert text.isascii()
        found = strict(text) if style == "json" else [strict(line) for line in text.splitlines()]
        assert len(found) == len(rows)
        assert all(map(same, found, rows))


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(), st.text(st.characters(exclude_categories=["Cs"])))))
def test_csv_comes_back_as_it_was(pairs):
    rows = [{"number": number, "text": text} for number, text in pairs]
    text = output.text(rows, "csv", ["number", "text"])
    found = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["text"] for row in found] == [row["text"] for row in rows]
    for row, (number, _) in zip(found, pairs, strict=True):
        assert row["number"] == "" if missing(number) else float(row["number"]) == number


def test_a_lone_surrogate_can_be_written():
    text = output.text([{"a": "\ud800x"}], "csv", ["a"])
    assert text.encode("utf-8") == b"a\n\\ud800x\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.array([1.0, np.nan]), [1.0, None]),
        (pd.NaT, None),
        (pd.NA, None),
        (pd.Timestamp("2024-05-01T12:30Z"), "2024-05-01T12:30:00+00:00"),
        (datetime(2024, 5, 1, 12, 30, tzinfo=UTC), "2024-05-01T12:30:00+00:00"),
        (Decimal("10.00"), 10),
        (Decimal("0.25"), 0.25),
        (Decimal("NaN"), None),
        (b"ab", "b'ab'"),
        (float("-inf"), None),
    ],
)
def test_values_of_other_libraries_become_plain(value, expected):
    assert output.plain(value) == expected


@given(st.text())
def test_no_control_character_reaches_a_terminal(text):
    shown = escaped(text)
    unsafe = ("Cc", "Cs", "Zl", "Zp")
    assert not any(unicodedata.category(character) in unsafe for character in shown)
    assert not set(shown) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068")
    if text.isprintable():
        assert shown == text


def test_a_table_shows_text_as_it_is_and_numbers_in_few_digits(capsys):
    rows = [
        {"name": "[red]x[/red]", "label": "a\x1b[31mb\nc", "n": 12, "score": 0.123456},
        {"name": "y", "label": None, "n": 123456, "score": float("nan")},
    ]
    output.rows(rows, "table")
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "label", "n", "score"]
    assert lines[0].split() == ["[red]x[/red]", "a\\x1b[31mb\\nc", "12", "0.1235"]
    assert lines[1].split() == ["y", "123456"]
    assert lines[0].index("12") + 2 == lines[1].index("123456") + 6  # numbers end in one column


def test_a_table_in_a_file_is_never_cut(capsys):
    wide = {f"column_{i}": "x" * 60 for i in range(40)}
    output.rows([wide], "table")
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.splitlines()[1].split() == list(wide.values())


@given(st.floats(1e-6, 1e6), st.booleans())
def test_numbers_keep_at_least_three_digits(size, negative):
    value = -size if negative else size
    assert float(cell(value)) == pytest.approx(value, rel=1e-3)
    assert len(cell(value)) <= 11


@given(st.lists(st.integers(1, 90), min_size=1, max_size=30), st.integers(1, 300))
def test_a_table_fits_and_hides_no_more_than_it_must(widths, room):
    columns = {str(i): width for i, width in enumerate(widths)}
    shown = fitting(columns, room)
    assert list(shown) == list(columns)[: len(shown)]
    assert sum(shown.values()) + 2 * (len(shown) - 1) <= room
    assert all(
        min(columns[name], 24, room) <= width <= columns[name] for name, width in shown.items()
    )
    if sum(widths) + 2 * (len(widths) - 1) <= room:
        assert shown == columns
    if len(shown) < len(widths):  # also with every text at its shortest
        shortest = [min(width, 24) for width in widths[: len(shown) + 1]]
        assert sum(shortest) + 2 * len(shown) > room


def test_rows_without_any_row(capsys):
    output.rows([], "json")
    assert strict(capsys.readouterr().out) == []
    output.rows([], "csv", ["a", "b"])
    assert capsys.readouterr().out == "a,b\n"
    output.rows([], "table")
    assert capsys.readouterr() == ("", "charz: no rows\n")


def test_the_default_is_csv_where_nobody_looks(capsys):
    output.rows([{"a": 1, "b": None}])
    assert capsys.readouterr().out == "a,b\n1,\n"
