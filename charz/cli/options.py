"""Options that several commands share, and the values they read."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]

_COUNTS = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9}
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def duration(text: str) -> float:
    """Return the seconds of ``90s``, ``10m`` or ``1h``.

    >>> duration("1.5m")
    90.0
    """
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?)([smh])", text.strip())
    if not match or float(match[1]) == 0:
        raise click.BadParameter(f"'{text}' is no duration; write 90s, 10m or 1h")
    return float(match[1]) * _SECONDS[match[2]]


def level(text: str) -> float:
    """Return an interval's coverage: over 0, under 1."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 1:
        raise click.BadParameter(f"'{text}' is no level; write a share such as 0.9")
    return value


def sizes(text: str) -> tuple[int, ...]:
    """Return whole numbers separated by commas.

    >>> sizes("16,32")
    (16, 32)
    """
    return tuple(_size(part.strip(), "16,32,64") for part in text.split(","))


def eval_sizes(text: str) -> tuple[int | None, ...]:
    """Return whole numbers separated by commas, None for ``all``: the whole split.

    >>> eval_sizes("200,all")
    (200, None)
    """
    parts = (part.strip() for part in text.split(","))
    return tuple(None if part == "all" else _size(part, "200,500,all") for part in parts)


def _size(part: str, usage: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,8}", part):
        raise click.BadParameter(f"'{part}' is no size; write e.g. {usage}")
    return int(part)


def count(text: str) -> float:
    """Return a number of weights such as ``200M`` or ``1.5B``.

    >>> count("200M"), count("1.5b"), count("25000")
    (200000000.0, 1500000000.0, 25000.0)
    """
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?)([kmb]?)", text.strip().lower())
    if not match or float(match[1]) == 0:
        raise click.BadParameter(f"'{text}' is no number of parameters; write 200M or 1.5B")
    return float(match[1]) * _COUNTS[match[2]]


def specs(text: str) -> tuple[str, ...]:
    """Return encoder specs separated by commas; a comma inside a spec stays.

    >>> specs("st:org/a,static:b?x=1,2,tfidf:")
    ('st:org/a', 'static:b?x=1,2', 'tfidf:')
    """
    found = tuple(part.strip() for part in re.split(r",(?=\s*[a-z][a-z0-9_]*:)", text))
    if any(part in ("", ",") or part.endswith(",") for part in found):
        raise click.BadParameter(f"'{text}' has an empty spec; write st:org/model,static:NAME")
    return found


_FACTS = {"n_classes": int, "mean_chars": float, "n_per_class": int}


def facts(text: str) -> dict[str, Any]:
    """Return facts of a task: ``n_classes=5,languages=eng+deu,domains=News``.

    >>> facts("n_classes=5,languages=eng+deu")
    {'n_classes': 5, 'languages': ('eng', 'deu')}
    """
    found: dict[str, Any] = {}
    for part in names(text):
        key, value = setting(part)
        found[key] = _number(key, value) if key in _FACTS else tuple(value.split("+"))
    return found


def _number(key: str, value: str) -> Any:
    try:
        number = _FACTS[key](value)
    except ValueError:
        number = math.nan
    if not 0 < number < 1e9:
        raise click.BadParameter(f"'{value}' is no {key}; write a number above 0")
    return number


def names(text: str) -> tuple[str, ...]:
    """Return names separated by commas."""
    found = tuple(part.strip() for part in text.split(","))
    if "" in found:
        raise click.BadParameter(f"'{text}' has an empty name; write a,b,c")
    return found


def plan_budget(text: str) -> tuple[float | None, int | None]:
    """Return the seconds and the cells that ``1h`` or ``20 cells`` allow; the other is None.

    >>> plan_budget("1h"), plan_budget("20 cells"), plan_budget("20")
    ((3600.0, None), (None, 20), (None, 20))
    """
    match = re.fullmatch(r"([1-9]\d{0,3})(\s*cells?)?", text.strip())
    if match:
        return None, int(match[1])
    try:
        return duration(text), None
    except click.BadParameter as error:
        raise click.BadParameter(f"'{text}' is no budget; write 30m, 1h or '20 cells'") from error


def setting(text: str) -> tuple[str, str]:
    """Return the key and the value of ``KEY=VALUE``."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.BadParameter(f"'{text}' is no setting; write key=value")
    return key, value


def as_json(settings: Mapping[str, str]) -> dict[str, Any]:
    """Return settings with each value read as JSON where it is JSON, else as text.

    >>> as_json({"rate": "0.2", "rule": "keep"})
    {'rate': 0.2, 'rule': 'keep'}
    """
    return {key: _from_json(text) for key, text in settings.items()}


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def settings(
    ctx: click.Context, param: click.Parameter, value: tuple[tuple[str, str], ...]
) -> dict[str, str]:
    """Join settings to a dict; the same key twice is wrong usage."""
    joined = dict(value)
    if len(joined) < len(value):
        raise click.BadParameter("a key stands twice; keep one of them", ctx, param)
    return joined


def registry(function: F) -> F:
    """Add ``--registry``."""
    return click.option(
        "--registry",
        metavar="URL",
        envvar="CHARZ_REGISTRY",
        show_envvar=True,
        help="SQLite file or database URL. Default: charz.db in CHARZ_HOME.",
    )(function)


def rows(function: F) -> F:
    """Add ``--format``: how rows are written."""
    return click.option(
        "--format",
        "style",
        type=click.Choice(["table", "csv", "json", "ndjson"]),
        help="How to write rows. Default: table on a terminal, else csv.",
    )(function)


def filters(function: F) -> F:
    """Add ``--encoder`` and ``--dataset``."""
    return encoders(datasets(function))


def encoders(function: F) -> F:
    """Add ``--encoder``."""
    return click.option(
        "--encoder",
        "encoders",
        multiple=True,
        metavar="SPEC",
        help="Only this encoder; * stands for anything. Repeatable.",
    )(function)


def datasets(function: F) -> F:
    """Add ``--dataset``."""
    return click.option(
        "--dataset",
        "datasets",
        multiple=True,
        metavar="NAME",
        help="Only this dataset; * stands for anything. Repeatable.",
    )(function)


def draws(function: F) -> F:
    """Add ``--protocol`` and ``--seeds``: which draws to do."""
    protocol = click.option(
        "--protocol",
        "protocols",
        multiple=True,
        metavar="NAME",
        help="Only what this plan drew; * stands for anything. Repeatable.",
    )
    seeds = click.option(
        "--seeds", "n_seeds", type=click.IntRange(1), metavar="N", help="Only the first N draws."
    )
    return protocol(seeds(function))


def workers(function: F) -> F:
    """Add ``--workers``."""
    return click.option(
        "--workers",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="Processes to work in.",
    )(function)


def budget(function: F) -> F:
    """Add ``--budget``."""
    return click.option(
        "--budget",
        type=duration,
        metavar="TIME",
        help="Begin nothing after this long: 90s, 10m, 1h.",
    )(function)


def conditions(function: F) -> F:
    """Add the conditions that encoders of the record must meet."""
    added = (
        click.option("--max-params", type=count, metavar="N", help="At most so large: 200M, 1.5B."),
        click.option("--open", "is_open", is_flag=True, default=None,
                     help="Only those whose weights can be had."),
        click.option("--language", metavar="CODE",
                     help="Knows this language: an ISO 639-3 code such as eng."),
        click.option("--license", metavar="NAME", help="Under this licence, such as mit."),
        click.option("--max-dims", type=click.IntRange(1), metavar="N",
                     help="At most this many dimensions."),
        click.option("--max-tokens", "min_tokens", type=click.IntRange(1), metavar="N",
                     help="Reads texts of N tokens, its maximum being N or more."),
    )  # fmt: skip
    for option in reversed(added):
        function = option(function)
    return function


def measured(function: F) -> F:
    """Add ``--measure``: which encoders to run on the texts."""
    return click.option(
        "--measure",
        type=specs,
        multiple=True,
        metavar="SPEC,SPEC",
        help="Encoders to measure; SPEC=NAME is the record's NAME. Repeatable.",
    )(function)


def task_facts(function: F) -> F:
    """Add ``--facts``: what is known of the task."""
    return click.option(
        "--facts",
        type=facts,
        metavar="KEY=VALUE,...",
        help="Of n_classes, languages=eng+deu, domains, mean_chars.",
    )(function)


def record(function: F) -> F:
    """Add ``--record``: whose record is gone by."""
    return click.option(
        "--record",
        type=click.Choice(["best", "own", "shipped"]),
        default="best",
        show_default=True,
        help="Plan or rank by the registry's record, the one that ships, or the larger.",
    )(function)


CONDITIONS = ("max_params", "is_open", "language", "license", "max_dims", "min_tokens")
"""What `conditions` adds, by its names in Python."""


def columns(function: F) -> F:
    """Add the names of a file's columns and its encoding."""
    for flag, default in (("label", "label"), ("pair", "text_pair, if any"), ("text", "text")):
        option = click.option(
            f"--{flag}-column", metavar="NAME", help=f"Column of the {flag}. Default: {default}."
        )
        function = option(function)
    encoding = click.option(
        "--encoding", metavar="NAME", help="Encoding of the files. Default: UTF-8, else a guess."
    )
    return encoding(function)


def given(**options: Any) -> dict[str, Any]:
    """Return the options that were given; a step's own defaults stand for the others.

    >>> given(seed=0, name=None)
    {'seed': 0}
    """
    return {name: value for name, value in options.items() if value is not None}
