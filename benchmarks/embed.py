"""The cost of embedding: charz beside sentence-transformers, by backend, padding included.

    python benchmarks/embed.py CHECKPOINT [--texts FILE] [--n 1000] [--rounds 3]
                               [--words 5-80] [--backends torch,onnx,openvino]

Encodes the same distinct texts with ``SentenceTransformer.encode`` as it comes, with charz
and one spec on every backend that is installed, and with charz and all layers times mean
and cls pooling in one pass; in turn and in one process. Prints the machine, how many padded
tokens each way of batching computes in vain, and of each run the best time, texts and
tokens per second, its time as a multiple of plain torch's, and the largest difference of
the default outputs. Without ``--texts``, texts of random vocabulary words are made up.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import time
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LIBRARIES = {"torch": "torch", "onnx": "onnxruntime", "openvino": "openvino"}
PLAIN_BATCH = 32
"""Texts of a batch of ``SentenceTransformer.encode``, which sorts them by characters."""


def made_up(tokenizer: Any, n: int, fewest: int, most: int) -> list[str]:
    """Return ``n`` texts of random whole words of the vocabulary."""
    draw = random.Random(0)
    words = sorted(word for word in tokenizer.get_vocab() if word.isalpha() and len(word) > 2)
    return [" ".join(draw.choices(words, k=draw.randint(fewest, most))) for _ in range(n)]


def best(rounds: int, works: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Return the least seconds of each piece of work, the pieces taken in turn."""
    seconds = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    return seconds


def waste(lengths: NDArray[np.int64], batches: Iterable[NDArray[np.int64]]) -> float:
    """Return the padding that batches compute, as a share of the tokens that are texts'."""
    return float(sum(len(rows) * lengths[rows].max() for rows in batches) / lengths.sum() - 1)


def machine() -> str:
    """Return what the figures depend on besides the code."""
    import sentence_transformers
    import torch

    from charz.encoders._threads import granted

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return (
        f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}, {os.cpu_count()} cores, "
        f"{granted()} threads, {device}, Python {platform.python_version()}, "
        f"torch {torch.__version__}, sentence-transformers {sentence_transformers.__version__}"
    )


def say_waste(texts: list[str], lengths: NDArray[np.int64]) -> None:
    """Print the padding of each way to batch."""
    from charz.encoders.st import _batches, _pass
    from charz.steps import _resume

    characters = np.array([len(text) for text in texts])
    order = np.argsort(-characters, kind="stable")
    n_batches = max(1, -(-len(order) // PLAIN_BATCH))
    in_chunks = [
        rows[block]
        for rows in _resume.cut(texts)
        for block in _batches.batches(lengths[rows], _pass.CPU_BUDGET)
    ]
    ways = {
        "sentence-transformers": np.array_split(order, n_batches),
        "charz, whole": _batches.batches(lengths, _pass.CPU_BUDGET),
        "charz, in chunks": in_chunks,
    }
    for name, batches in ways.items():
        print(f"padding of {name}: {waste(lengths, batches):.1%}")


def main() -> None:
    """Run the comparison and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("checkpoint")
    parser.add_argument("--texts", type=Path, help="one text per line")
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--words", default="5-80", help="how many in made-up texts")
    parser.add_argument("--backends", default="torch,onnx,openvino")
    compare(parser.parse_args())


def compare(arguments: argparse.Namespace) -> None:
    """Load everything, run it in turn and print what came of it."""
    import torch
    from sentence_transformers import SentenceTransformer

    from charz.encoders import expand, st
    from charz.encoders._threads import granted
    from charz.encoders.st._batches import tokenize

    torch.set_num_threads(granted())
    plain = SentenceTransformer(arguments.checkpoint)
    if arguments.texts:
        lines = arguments.texts.read_text(encoding="utf-8").splitlines()
        texts = list(dict.fromkeys(lines))[: arguments.n]
    else:
        fewest, most = map(int, arguments.words.split("-"))
        texts = made_up(plain.tokenizer, arguments.n, fewest, most)
    default = f"st:{arguments.checkpoint}"
    loaded = {
        f"charz, {name}": st.load(expand(f"{default}?backend={name}"))
        for name in arguments.backends.split(",")
        if find_spec(LIBRARIES[name])
    }
    many = expand(f"{default}?layer=all&pooling=mean,cls")
    loaded[f"charz, {len(many)} encoders in one pass"] = st.load(many)
    works: dict[str, Callable[[], Any]] = {
        "SentenceTransformer.encode": lambda: plain.encode(texts, show_progress_bar=False)
    }
    works |= {name: lambda each=each: each.encode(texts) for name, each in loaded.items()}

    first = next(iter(loaded.values()))
    limit = first._settings[0].max_tokens
    lengths = tokenize(plain.tokenizer, texts, limit, ()).lengths
    print(machine())
    print(f"{len(texts)} texts, {lengths.sum()} tokens, {lengths.mean():.1f} a text")
    say_waste(texts, lengths)
    seconds = best(arguments.rounds, works)
    expected = plain.encode(texts, show_progress_bar=False)
    for name, value in seconds.items():
        line = f"{name:33} {value:7.2f} s {len(texts) / value:7.0f} texts/s "
        line += (
            f"{lengths.sum() / value:8.0f} tokens/s  x{value / seconds[next(iter(seconds))]:.2f}"
        )
        if name.removeprefix("charz, ") in LIBRARIES:
            apart = np.abs(loaded[name].encode(texts)[0] - expected).max()
            line += f"  differs by {apart:.0e}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
