"""The cost of all layers and poolings of a checkpoint beside one plain encoding.

    python benchmarks/embed.py CHECKPOINT [--texts FILE] [--n 1000] [--rounds 3]

Encodes the same texts with ``SentenceTransformer.encode`` and with charz, all layers times
mean and cls pooling in one pass, in turn and in one process, and prints the best time of
each, their ratio and the largest difference of the default outputs. Without ``--texts``,
texts of 5 to 80 random vocabulary words are made up.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def made_up(tokenizer: Any, n: int) -> list[str]:
    """Return ``n`` texts of random whole words of the vocabulary."""
    draw = random.Random(0)
    words = sorted(word for word in tokenizer.get_vocab() if word.isalpha() and len(word) > 2)
    return [" ".join(draw.choices(words, k=draw.randint(5, 80))) for _ in range(n)]


def best(rounds: int, *works: Callable[[], Any]) -> list[float]:
    """Return the least seconds of each piece of work, the pieces taken in turn."""
    seconds = [float("inf")] * len(works)
    for _ in range(rounds):
        for place, work in enumerate(works):
            start = time.perf_counter()
            work()
            seconds[place] = min(seconds[place], time.perf_counter() - start)
    return seconds


def main() -> None:
    """Run the comparison and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("checkpoint")
    parser.add_argument("--texts", type=Path, help="one text per line")
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()

    from sentence_transformers import SentenceTransformer

    from charz.encoders import expand, st

    plain = SentenceTransformer(arguments.checkpoint)
    if arguments.texts:
        texts = arguments.texts.read_text(encoding="utf-8").splitlines()[: arguments.n]
    else:
        texts = made_up(plain.tokenizer, arguments.n)
    specs = expand(f"st:{arguments.checkpoint}?layer=all&pooling=mean,cls")
    default = expand(f"st:{arguments.checkpoint}")
    many, one = st.load(specs), st.load(default)
    seconds = best(
        arguments.rounds,
        lambda: plain.encode(texts, show_progress_bar=False),
        lambda: one.encode(texts),
        lambda: many.encode(texts),
    )
    apart = np.abs(plain.encode(texts, show_progress_bar=False) - one.encode(texts)[0]).max()
    names = ("SentenceTransformer.encode", "charz, default", f"charz, {len(specs)} encoders")
    for name, value in zip(names, seconds, strict=True):
        rate = len(texts) / value
        print(f"{name:28} {value:8.2f} s {rate:8.0f} texts/s  x{value / seconds[0]:.2f}")
    print(f"largest difference of the default outputs: {apart:.1e}")


if __name__ == "__main__":
    main()
