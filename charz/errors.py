"""One tree of errors: every one names the thing, says why, and how to mend it.

The command line turns a :class:`CharzError` into one line on stderr and its exit code;
anything else that escapes is a bug and keeps its traceback.

>>> error = InputError("labels.csv has no column 'label'", "name yours with --label-column")
>>> print(error)
labels.csv has no column 'label'; name yours with --label-column
>>> error.exit_code
1
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CharzError(Exception):
    """Something the user can mend.

    Parameters
    ----------
    problem : str
        What is wrong, naming the file, column, spec or table.
    remedy : str
        What to do about it: a command, an option, a correction.
    """

    exit_code = 1

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}; {self.remedy}"


class InputError(CharzError):
    """A file, column, array or argument from outside cannot be used."""


class UnknownNameError(CharzError):
    """A name that no shelf, registry or catalogue knows."""

    @classmethod
    def among(cls, what: str, name: str, known: Iterable[str]) -> UnknownNameError:
        """Build the error with the nearest known names as its remedy.

        >>> print(UnknownNameError.among("probe", "logistc", ["logistic", "ridge"]))
        unknown probe 'logistc'; did you mean 'logistic'?
        """
        choices = sorted(known)
        close = difflib.get_close_matches(name, choices, n=3, cutoff=0.5)
        if close:
            remedy = "did you mean " + " or ".join(f"'{choice}'" for choice in close) + "?"
        elif choices:
            remedy = "known: " + ", ".join(choices[:20]) + (" ..." if len(choices) > 20 else "")
        else:
            remedy = f"there is no {what} yet"
        return cls(f"unknown {what} '{name}'", remedy)


def check_share(value: float, what: str = "level") -> None:
    """Refuse what is not strictly between 0 and 1.

    >>> check_share(90, "level")
    Traceback (most recent call last):
    charz.errors.InputError: the level 90 is not inside (0, 1); give a share such as 0.9
    """
    if not 0 < value < 1:
        raise InputError(f"the {what} {value} is not inside (0, 1)", "give a share such as 0.9")


class MissingExtraError(CharzError):
    """A package that this piece of work needs is not installed."""

    @classmethod
    def of(cls, package: str, extra: str, purpose: str) -> MissingExtraError:
        """Name the extra that brings ``package``.

        >>> print(MissingExtraError.of("torch", "st", "to run st: encoders"))
        the package 'torch' is needed to run st: encoders; pip install 'charz[st]'
        """
        return cls(f"the package '{package}' is needed {purpose}", f"pip install 'charz[{extra}]'")


class OfflineError(CharzError):
    """A model hub, data hub or package index could not be reached."""


class RegistryError(CharzError):
    """The registry cannot be opened, read or written."""


class StaleRegistryError(RegistryError):
    """The registry's schema is older or newer than this charz."""


class ArtifactError(CharzError):
    """A stored array or table is missing or damaged."""


class QueryError(CharzError):
    """A query is not one SELECT, misses a parameter or fails."""


class CheckFailed(CharzError):
    """A check over the registry found rows that should not be there."""

    exit_code = 3
