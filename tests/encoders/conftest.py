"""Small real checkpoints, made once: a BERT with random weights, a Model2Vec table, arrays."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

WORDS = """
    the a cat dog sat ran on mat hat good bad film food very not is was it fun dull
    ##s ##ed ##ing , . ! ' query : é 本
"""
TEXTS = [
    "the cat sat on the mat",
    "",
    "a very good film, not dull!",
    "Caf\N{LATIN SMALL LETTER E WITH ACUTE} 日本 \N{PARTY POPPER}",
    "the dog ran",
    "bad food " * 200,
    "   ",
    "it was fun.",
]


@pytest.fixture(scope="session")
def texts():
    return list(TEXTS)


@pytest.fixture(scope="session")
def vocabulary():
    letters = "abcdefghijklmnopqrstuvwxyz"
    pieces = [*WORDS.split(), *letters, *(f"##{letter}" for letter in letters)]
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(pieces)]


@pytest.fixture(scope="session")
def wordpiece(vocabulary):
    """A small WordPiece tokeniser of the tokenizers library."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    numbers = {word: number for number, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


@pytest.fixture(scope="session")
def plain_bert(tmp_path_factory, wordpiece):
    """A plain transformers folder: BERT of 3 layers x 32 with random weights."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("checkpoints") / "tiny-bert"
    config = transformers.BertConfig(
        vocab_size=wordpiece.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=64,
        initializer_range=0.5,
    )
    torch.manual_seed(7)
    transformers.BertModel(config).save_pretrained(folder)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=wordpiece,
        model_max_length=64,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    ).save_pretrained(folder)
    return folder


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


@pytest.fixture(scope="session")
def build_bert(plain_bert, tmp_path_factory):
    """Return a function that makes SentenceTransformer folders around the tiny BERT."""
    import shutil

    def build(name="tiny", pooling="mean_tokens", normalize=True, dense=None, **settings):
        folder = tmp_path_factory.mktemp("folders") / name
        shutil.copytree(plain_bert, folder)
        kinds = ["Transformer", "Pooling"]
        write(
            folder / "1_Pooling/config.json",
            {
                "word_embedding_dimension": 32,
                f"pooling_mode_{pooling}": True,
                "include_prompt": settings.pop("include_prompt", True),
            },
        )
        if dense:
            kinds.append("Dense")
            _write_dense(folder / f"{len(kinds) - 1}_Dense", dense)
        if normalize:
            kinds.append("Normalize")
        modules = [
            {
                "idx": place,
                "name": str(place),
                "path": f"{place}_{kind}" if place else "",
                "type": f"sentence_transformers.models.{kind}",
            }
            for place, kind in enumerate(kinds)
        ]
        if normalize:
            (folder / f"{len(kinds) - 1}_Normalize").mkdir()
        write(folder / "modules.json", modules)
        write(folder / "sentence_bert_config.json", {"max_seq_length": 48, "do_lower_case": False})
        write(folder / "config_sentence_transformers.json", settings)
        return folder

    return build


def _write_dense(folder: Path, width: int) -> None:
    from safetensors.numpy import save_file

    write(
        folder / "config.json",
        {
            "in_features": 32,
            "out_features": width,
            "bias": True,
            "activation_function": "torch.nn.modules.activation.Tanh",
        },
    )
    draw = np.random.default_rng(3)
    arrays = {
        "linear.weight": draw.normal(size=(width, 32)).astype(np.float32),
        "linear.bias": draw.normal(size=width).astype(np.float32),
    }
    save_file(arrays, folder / "model.safetensors")


@pytest.fixture(scope="session")
def tiny(build_bert):
    """A SentenceTransformer folder: mean pooling, normalised, truncation at 48 tokens."""
    return build_bert()


@pytest.fixture(scope="session")
def table(tmp_path_factory, wordpiece, vocabulary):
    """A Model2Vec folder of 16 dimensions."""
    from safetensors.numpy import save_file

    folder = tmp_path_factory.mktemp("tables") / "tiny-table"
    folder.mkdir()
    draw = np.random.default_rng(5)
    vectors = draw.normal(size=(len(vocabulary), 16)).astype(np.float32)
    save_file({"embeddings": vectors}, folder / "model.safetensors")
    wordpiece.save(str(folder / "tokenizer.json"))
    write(folder / "config.json", {"normalize": True, "max_length": 20})
    return folder


@pytest.fixture(scope="session")
def stored(tmp_path_factory, texts):
    """An npz file with a vector for each text."""
    path = tmp_path_factory.mktemp("arrays") / "stored.npz"
    vectors = np.random.default_rng(9).normal(size=(len(texts), 12))
    np.savez(path, texts=np.array(texts), embeddings=vectors)
    return path


@pytest.fixture(scope="session")
def lab():
    """The folder of real checkpoints that ``CHARZ_LAB_ENCODERS`` names."""
    place = os.environ.get("CHARZ_LAB_ENCODERS")
    if not place or not Path(place).is_dir():
        pytest.skip("CHARZ_LAB_ENCODERS names no folder of checkpoints")
    return Path(place)
