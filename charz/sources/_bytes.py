"""Files from outside as text: size limits, gzip, encodings."""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import dataclass
from pathlib import Path

from charz.errors import InputError

MAX_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class Text:
    """The decoded text of a file and the encoding that it turned out to have."""

    content: str
    encoding: str


def regular(path: Path) -> Path:
    """Return ``path`` when it is a file with something in it.

    Raises
    ------
    InputError
        When it does not exist, is no regular file or is empty.
    """
    if not path.exists():
        raise InputError(f"the file '{path}' does not exist", "check the path")
    if not path.is_file():
        raise InputError(f"'{path}' is no regular file", "give a CSV, TSV, JSONL or Parquet file")
    if path.stat().st_size == 0:
        raise InputError(f"'{path}' is empty", "give a file with rows")
    return path


def load(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return a file's bytes, unzipped where its name ends in ``.gz``.

    Raises
    ------
    InputError
        When the file is missing, empty, unreadable, no gzip in spite of its name, or holds
        more than ``limit`` bytes.
    """
    try:
        with regular(path).open("rb") as raw:
            stream = gzip.GzipFile(fileobj=raw) if path.suffix.lower() == ".gz" else raw
            data = stream.read(limit + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"'{path}' is no whole gzip file", "unpack it, or fetch it anew"
        ) from error
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror})", "check it") from error
    if len(data) > limit:
        raise InputError(f"'{path}' holds more than {limit} bytes", "draw a sample of it first")
    if not data.strip():
        raise InputError(f"'{path}' is empty", "give a file with rows")
    return data


def decode(data: bytes, name: str, encoding: str | None = None) -> Text:
    """Return ``data`` as text: in ``encoding``, else as UTF-8, else as the best guess.

    Parameters
    ----------
    data : bytes
    name : str
        What to call the file in an error.
    encoding : str, optional
        A codec that Python knows.

    Raises
    ------
    InputError
        When no encoding fits, naming the byte offset, or when NUL characters show that the
        file is binary.

    Examples
    --------
    >>> decode("\ufeffcafé".encode(), "menu.csv")
    Text(content='café', encoding='utf-8')
    >>> decode("café".encode("latin-1"), "menu.csv", "latin-1").content
    'café'
    """
    text = _in(data, name, encoding) if encoding else _utf8_or_guess(data, name)
    nul = text.content.find("\0")
    if nul >= 0:
        offset = len(text.content[:nul].encode(text.encoding, errors="replace"))
        raise InputError(
            f"'{name}' has a NUL at byte {offset}: it is binary or in another encoding",
            "name its encoding with --encoding, e.g. utf-16",
        )
    return text


def _in(data: bytes, name: str, encoding: str) -> Text:
    try:
        return Text(data.decode(encoding), encoding)
    except LookupError as error:
        raise InputError(f"'{encoding}' is no encoding", "give one like utf-8 or cp1252") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"'{name}' is not {encoding}: byte {error.start} does not fit",
            "name its encoding with --encoding",
        ) from error
    except (UnicodeError, ValueError) as error:
        raise InputError(f"'{name}' is not {encoding}: {error}", "name its encoding") from error


def _utf8_or_guess(data: bytes, name: str) -> Text:
    try:
        return Text(data.decode("utf-8-sig"), "utf-8")
    except UnicodeDecodeError as error:
        best = _guess(data)
        if best is None:
            raise InputError(
                f"'{name}' is not UTF-8 (byte {error.start}) and its encoding cannot be guessed",
                "name it with --encoding",
            ) from error
        return best


def _guess(data: bytes) -> Text | None:
    """Return charset-normalizer's best guess, or cp1252 where that fits as well.

    cp1252 is by far the most frequent encoding that is not UTF-8, and its neighbours often
    tie with it in short Western texts.
    """
    from charset_normalizer import from_bytes

    matches = from_bytes(data)
    best = matches.best()
    if best is None:
        return None
    for match in matches:
        near = match.chaos <= best.chaos + 0.05 and match.coherence >= best.coherence
        if near and "cp1252" in match.could_be_from_charset:
            return Text(str(match), "cp1252")
    return Text(str(best), best.encoding)


def lines(text: str, newline: str = "") -> list[str]:
    r"""Split text at line ends, keeping them; ``newline="\n"`` splits at newlines only.

    >>> lines("a\r\nb\rc")
    ['a\r\n', 'b\r', 'c']
    """
    return io.StringIO(text, newline=newline).readlines()
