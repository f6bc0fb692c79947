"""Groups: which tasks share texts or origin, so that they are held out together.

Languages and versions of one task are one group, as are a task and the one that supersedes it,
tasks of one dataset, and translated or re-annotated twins. The last are told by their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_NO_PATH = ("", "aggregate tasks do not have a path")
_VERSION = re.compile(r"\.?v\d+$", re.IGNORECASE)
_TRANSLATED = re.compile(r"VN(?=Classification$)")
_FAMILIES = {
    re.compile(pattern): name
    for pattern, name in {
        r"CUAD": "CUAD",
        r"ContractNLI": "ContractNLI",
        r"Diversity\d": "Diversity",
        r"LearnedHands": "LearnedHands",
        r"MTOP": "MTOP",
        r"Massive(Intent|Scenario)": "Massive",
        r"MultiEupSlovak": "MultiEupSlovak",
        r"OPP115": "OPP115",
        r"PolEmo2\.0": "PolEmo2.0",
        r"RuSciBench": "RuSciBench",
        r"RuToxicOKMLCUP": "RuToxicOKMLCUP",
        r"SCDBP|SCDD": "SCD",
        r"SDS(EyeProtection|Gloves)": "SDS",
        r"SciRepEval": "SciRepEval",
        r"SinhalaNews": "SinhalaNews",
        r"SynPerChatbot": "SynPerChatbot",
        r"Textualism": "Textualism",
        r"Wikipedia\w*Classification": "Wikipedia",
        r"JavaneseIMDB": "Imdb",
    }.items()
}
"""Tasks with other labels on texts of one origin, by the beginning of their names."""


def groups(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return each task's group: what it is joined to, directly or through others.

    Parameters
    ----------
    rows : iterable of mappings
        ``task``, ``path`` (of its dataset) and ``superseded_by`` (a task, or nothing).

    Examples
    --------
    >>> rows = [{"task": name, "path": name, "superseded_by": None} for name in
    ...         ("EmotionClassification.v2", "EmotionVNClassification", "IFlyTek")]
    >>> groups(rows)
    {'EmotionClassification.v2': 'mteb/Emotion', 'EmotionVNClassification': 'mteb/Emotion',
     'IFlyTek': 'mteb/IFlyTek'}
    """
    joined: dict[str, str] = {}
    names = set()
    for row in rows:
        names.add(row["task"])
        _join(joined, f"task {row['task']}", f"stem {stem(row['task'])}")
        if isinstance(row["superseded_by"], str):
            _join(joined, f"task {row['task']}", f"stem {stem(row['superseded_by'])}")
        if isinstance(row["path"], str) and row["path"] not in _NO_PATH:
            _join(joined, f"task {row['task']}", f"path {row['path']}")
    called: dict[str, str] = {}
    for node in sorted(joined):
        if node.startswith("stem "):
            called.setdefault(_root(joined, node), f"mteb/{node.removeprefix('stem ')}")
    return {name: called[_root(joined, f"task {name}")] for name in sorted(names)}


def stem(task: str) -> str:
    """Return what twins of a task have in common.

    >>> stem("HUMEEmotionClassification"), stem("MassiveScenarioVNClassification"), stem("PAC.v2")
    ('Emotion', 'Massive', 'PAC')
    """
    name = _TRANSLATED.sub("", _VERSION.sub("", task.removeprefix("HUME")))
    for family, called in _FAMILIES.items():
        if family.match(name):
            return called
    return name.removesuffix("Classification") or name


def _root(joined: dict[str, str], node: str) -> str:
    while joined.setdefault(node, node) != node:
        node = joined[node]
    return node


def _join(joined: dict[str, str], one: str, other: str) -> None:
    joined[_root(joined, one)] = _root(joined, other)
