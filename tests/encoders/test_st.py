"""Transformers, against transformers run text by text and against sentence-transformers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")
sentence_transformers = pytest.importorskip("sentence_transformers")

from charz.encoders import describe, expand, st  # noqa: E402
from charz.encoders._quiet import quiet  # noqa: E402
from charz.encoders.st import _pass  # noqa: E402
from charz.errors import InputError  # noqa: E402
from charz.records import EncoderSpec  # noqa: E402


def encode(*specs, texts):
    return st.load([EncoderSpec.parse(spec) for spec in specs]).encode(texts)


def plainly(folder, texts, **options):
    """What sentence-transformers gives."""
    with quiet():
        model = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
        return model.encode(texts, show_progress_bar=False, **options)


def slowly(folder, texts, layer, pooling, max_tokens=48):
    """One text at a time through transformers, pooled by hand: (n, width)."""
    import transformers

    with quiet():
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        model = transformers.AutoModel.from_pretrained(folder).eval()
    rows = []
    for text in texts:
        inputs = tokenizer(text, truncation=True, max_length=max_tokens, return_tensors="pt")
        with torch.inference_mode():
            states = model(**inputs, output_hidden_states=True).hidden_states[layer][0].numpy()
        rows.append(
            {
                "mean": states.mean(axis=0),
                "cls": states[0],
                "last": states[-1],
                "max": states.max(axis=0),
            }[pooling]
        )
    return np.array(rows)


@pytest.mark.parametrize("pooling", ["mean_tokens", "cls_token", "max_tokens", "lasttoken"])
@pytest.mark.parametrize("normalize", [True, False])
def test_default_is_what_sentence_transformers_gives(build_bert, texts, pooling, normalize):
    folder = build_bert(pooling=pooling, normalize=normalize)
    (X,) = encode(f"st:{folder}", texts=texts)
    np.testing.assert_allclose(X, plainly(folder, texts), atol=1e-5)


@pytest.mark.parametrize("pooling", ["weightedmean_tokens", "mean_sqrt_len_tokens"])
def test_runs_the_checkpoints_own_modules(build_bert, texts, pooling):
    folder = build_bert(pooling=pooling, dense=5)
    own, raw = encode(f"st:{folder}", f"st:{folder}?layer=3", texts=texts)
    assert describe(EncoderSpec.parse(f"st:{folder}")).n_dims == own.shape[1] == 5
    np.testing.assert_allclose(own, plainly(folder, texts), atol=1e-5)
    np.testing.assert_allclose(raw, slowly(folder, texts, 3, "mean"), atol=1e-5)


def test_a_plain_folder_is_averaged(plain_bert, texts):
    (X,) = encode(f"st:{plain_bert}", texts=texts)
    np.testing.assert_allclose(X, plainly(plain_bert, texts), atol=1e-5)
    assert describe(EncoderSpec.parse(f"st:{plain_bert}")).max_tokens == 64


def test_every_layer_and_pooling_of_one_pass(tiny, texts):
    specs = expand(f"st:{tiny}?layer=all&pooling=mean,cls,last,max&normalize=false")
    assert len(specs) == 16
    assert len({st.checkpoint(spec) for spec in specs}) == 1
    for spec, X in zip(specs, st.load(specs).encode(texts), strict=True):
        options = spec.settings
        expected = slowly(tiny, texts, int(options["layer"]), options["pooling"])
        np.testing.assert_allclose(X, expected, atol=1e-5, err_msg=str(spec))


def test_floats_do_not_depend_on_what_else_was_asked(tiny, texts):
    specs = expand(f"st:{tiny}?layer=all&pooling=mean,cls")
    together = st.load(specs).encode(texts)
    for spec, X in zip(specs, together, strict=True):
        np.testing.assert_array_equal(st.load([spec]).encode(texts)[0], X)


def test_normalises_by_default_only_what_the_checkpoint_does(tiny):
    def is_normalized(options):
        return describe(EncoderSpec.parse(f"st:{tiny}{options}")).is_normalized

    assert is_normalized("")
    assert is_normalized("?layer=3&pooling=mean")
    assert not is_normalized("?layer=2")
    assert not is_normalized("?pooling=cls")
    assert not is_normalized("?normalize=false")


def test_dims_are_cut_before_normalising(tiny, texts):
    whole, cut = encode(f"st:{tiny}?normalize=false", f"st:{tiny}?dims=8", texts=texts)
    part = whole[:, :8]
    expected = part / np.linalg.norm(part, axis=1, keepdims=True)
    np.testing.assert_allclose(cut, expected, atol=1e-6)


def test_prompts(build_bert, texts):
    folder = build_bert(prompts={"query": "query : "}, default_prompt_name="query")
    facts = describe(EncoderSpec.parse(f"st:{folder}"))
    assert facts.prompt == "query : "
    (own,) = encode(f"st:{folder}", texts=texts)
    np.testing.assert_allclose(own, plainly(folder, texts), atol=1e-5)
    (none,) = encode(f"st:{folder}?prompt=", texts=texts)
    np.testing.assert_allclose(none, plainly(folder, texts, prompt=""), atol=1e-5)
    (other,) = encode(f"st:{folder}?prompt=bad+dog+", texts=texts)
    np.testing.assert_allclose(other, plainly(folder, texts, prompt="bad dog "), atol=1e-5)
    keys = [st.checkpoint(EncoderSpec.parse(f"st:{folder}{end}")) for end in ("", "?prompt=")]
    assert keys[0] != keys[1]


@pytest.mark.parametrize("pooling", ["mean_tokens", "cls_token", "weightedmean_tokens"])
def test_prompts_may_be_left_out_of_pooling(build_bert, texts, pooling):
    folder = build_bert(pooling=pooling, include_prompt=False)
    texts = [text for text in texts if text.strip()]
    (X,) = encode(f"st:{folder}?prompt=query+:+", texts=texts)
    np.testing.assert_allclose(X, plainly(folder, texts, prompt="query : "), atol=1e-5)


def test_max_tokens(tiny, texts):
    (X,) = encode(f"st:{tiny}?max_tokens=8&normalize=false", texts=texts)
    np.testing.assert_allclose(X, slowly(tiny, texts, 3, "mean", max_tokens=8), atol=1e-5)
    loaded = st.load([EncoderSpec.parse(f"st:{tiny}?max_tokens=8")])
    loaded.encode(["bad food " * 200])
    assert loaded.n_tokens == 8


def test_facts(tiny):
    facts = describe(EncoderSpec.parse(f"st:{tiny}?layer=2&pooling=max&dims=7"))
    assert (facts.n_layers, facts.layer, facts.pooling, facts.n_dims) == (3, 2, "max", 7)
    assert facts.max_tokens == 48
    with quiet():
        model = sentence_transformers.SentenceTransformer(str(tiny), device="cpu")
    assert facts.n_parameters == sum(p.numel() for p in model.parameters())
    assert facts.lineage == "tiny"


def test_fingerprint_is_of_files(tiny, tmp_path):
    copy = shutil.copytree(tiny, tmp_path / "copy")
    (copy / "README.md").write_text("---\nlicense: mit\nbase_model: google/bert-tiny\n---\n")
    one, two = (describe(EncoderSpec.parse(f"st:{place}")) for place in (tiny, copy))
    assert one.fingerprint == two.fingerprint
    assert (two.license, two.lineage) == ("mit", "bert-tiny")
    with (copy / "model.safetensors").open("r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(np.float32(0.25).tobytes())
    assert describe(EncoderSpec.parse(f"st:{copy}")).fingerprint != one.fingerprint
    other = describe(EncoderSpec.parse(f"st:{tiny}?layer=1"))
    assert other.fingerprint == one.fingerprint


def test_missing_pooler_weights_do_not_matter(tiny, tmp_path, texts):
    """Transformers invents the weights of a pooler that a file lacks; nothing may depend on it."""
    from safetensors.numpy import load_file, save_file

    copy = shutil.copytree(tiny, tmp_path / "copy")
    held = load_file(copy / "model.safetensors")
    kept = {name: array for name, array in held.items() if not name.startswith("pooler.")}
    assert len(kept) < len(held)
    save_file(kept, copy / "model.safetensors", metadata={"format": "pt"})
    np.testing.assert_array_equal(
        encode(f"st:{copy}", texts=texts), encode(f"st:{tiny}", texts=texts)
    )
    spec = EncoderSpec.parse(f"st:{copy}")
    assert describe(spec).fingerprint == describe(spec).fingerprint


def test_stored_half_precision_runs_in_float32(tiny, tmp_path, texts):
    from safetensors.numpy import load_file, save_file

    copy = shutil.copytree(tiny, tmp_path / "half")
    held = {k: v.astype(np.float16) for k, v in load_file(copy / "model.safetensors").items()}
    save_file(held, copy / "model.safetensors", metadata={"format": "pt"})
    (X,) = encode(f"st:{copy}", texts=texts)
    full = shutil.copytree(tiny, tmp_path / "full")
    upcast = {name: array.astype(np.float32) for name, array in held.items()}
    save_file(upcast, full / "model.safetensors", metadata={"format": "pt"})
    np.testing.assert_allclose(X, encode(f"st:{full}", texts=texts)[0], atol=1e-6)


def test_plain_tensors_in_a_pickle_are_read(tiny, tmp_path, texts):
    copy = shutil.copytree(tiny, tmp_path / "pickled")
    _to_bin(copy)
    np.testing.assert_allclose(
        encode(f"st:{copy}", texts=texts)[0], encode(f"st:{tiny}", texts=texts)[0], atol=1e-6
    )
    assert describe(EncoderSpec.parse(f"st:{copy}")).n_parameters is None


def _to_bin(folder):
    from safetensors.torch import load_file

    held = load_file(folder / "model.safetensors")
    torch.save(held, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


class Hostile:
    """Runs a command when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_refuses_pickles_that_run_code(tiny, tmp_path):
    copy = shutil.copytree(tiny, tmp_path / "hostile")
    _to_bin(copy)
    torch.save({"weight": Hostile(tmp_path / "ran")}, copy / "pytorch_model.bin")
    with pytest.raises(InputError, match="more than tensors"):
        st.load([EncoderSpec.parse(f"st:{copy}")])
    assert not (tmp_path / "ran").exists()


def _truncate(folder):
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:-100])


def _scramble(folder):
    (folder / "model.safetensors").write_bytes(b"\x40\0\0\0\0\0\0\0" + b"{" * 200)


def _no_weights(folder):
    (folder / "model.safetensors").unlink()


def _no_config(folder):
    (folder / "config.json").unlink()


def _broken_config(folder):
    (folder / "config.json").write_text("{")


def _list_config(folder):
    (folder / "config.json").write_text("[]")


def _no_width(folder):
    (folder / "config.json").write_text('{"model_type": "bert"}')


def _own_code(folder):
    (folder / "config.json").write_text('{"auto_map": {"AutoModel": "mine.Model"}}')


def _own_module(folder):
    _modules(folder, [{"idx": 0, "name": "0", "path": "", "type": "subprocess.Popen"}])


def _outside(folder):
    kind = "sentence_transformers.models.Transformer"
    _modules(folder, [{"idx": 0, "name": "0", "path": "../../x", "type": kind}])


def _static(folder):
    kind = "sentence_transformers.models.StaticEmbedding"
    _modules(folder, [{"idx": 0, "name": "0", "path": "", "type": kind}])


def _odd_modules(folder):
    _modules(folder, {"0": "Transformer"})


def _modules(folder, content):
    (folder / "modules.json").write_text(json.dumps(content))


DAMAGES = {
    _truncate: "damaged",
    _scramble: "damaged",
    _no_weights: "no weights",
    _no_config: "no config.json",
    _broken_config: "no JSON",
    _list_config: "no JSON object",
    _no_width: "hidden_size",
    _own_code: "code of its own",
    _own_module: "subprocess.Popen",
    _outside: "at '../../x'",
    _static: "write static:",
    _odd_modules: "odd modules.json",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_refuses_damaged_or_strange_folders(tiny, tmp_path, damage):
    copy = shutil.copytree(tiny, tmp_path / "copy")
    damage(copy)
    with pytest.raises(InputError, match=DAMAGES[damage]):
        describe(EncoderSpec.parse(f"st:{copy}"))
    with pytest.raises(InputError, match=DAMAGES[damage]):
        st.load([EncoderSpec.parse(f"st:{copy}")])


def test_a_checkpoint_that_does_not_load_is_an_input_error(tiny, tmp_path):
    copy = shutil.copytree(tiny, tmp_path / "copy")
    (copy / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match="does not load"):
        st.load([EncoderSpec.parse(f"st:{copy}")])


@pytest.mark.parametrize("setting", ["layer=3&pooling=cls&", "layer=1&", ""])
def test_bfloat16_differs_by_its_rounding(tiny, texts, setting):
    exact, rounded = (
        encode(f"st:{tiny}?{setting}dtype={dtype}", texts=texts)[0] for dtype in st.DTYPES
    )
    assert rounded.dtype == np.float32
    assert not np.array_equal(exact, rounded)
    np.testing.assert_allclose(rounded, exact, atol=0.05 * np.abs(exact).max())
    plain = EncoderSpec.parse(f"st:{tiny}")
    assert st.checkpoint(plain) != st.checkpoint(plain.replace(dtype="bfloat16"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("layer=4", "from 0 to 3"),
        ("layer=-1", "layer='-1'"),
        ("layer=last", "layer='last'"),
        ("pooling=avg", "unknown pooling 'avg'"),
        ("dims=33", "33 dimensions of 32"),
        ("max_tokens=65", "from 3 to 64"),
        ("max_tokens=2", "from 3 to 64"),
        ("backend=tensorflow", "unknown backend"),
        ("backend=onnx&layer=1", "onnx does not give"),
        ("backend=onnx&dtype=bfloat16", "onnx does not give"),
        ("dtype=float8", "unknown dtype 'float8'"),
        ("seed=1", "unknown option 'seed'"),
        ("poling=cls", "did you mean 'pooling'"),
    ],
)
def test_refuses_options_out_of_range(tiny, options, message):
    spec = EncoderSpec.parse(f"st:{tiny}?{options}")
    with pytest.raises(InputError, match=message):
        describe(spec)
    with pytest.raises(InputError, match=message):
        st.load([spec])


def test_a_folder_has_no_revision(tiny):
    with pytest.raises(InputError, match="no revisions"):
        describe(EncoderSpec.parse(f"st:{tiny}@v1"))


def test_untrained_control(tiny, texts):
    from charz.encoders import random

    spec = EncoderSpec.parse(f"random:st/{tiny}?layer=3&pooling=mean")
    state = torch.random.get_rng_state()
    (one,) = random.load([spec]).encode(texts)
    assert torch.equal(state, torch.random.get_rng_state())
    (again,) = random.load([spec]).encode(texts)
    (other,) = random.load([spec.replace(seed="1")]).encode(texts)
    (trained,) = encode(f"st:{tiny}?layer=3&pooling=mean", texts=texts)
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.01
    assert np.abs(one - trained).max() > 0.01
    assert random.describe(spec).extra["architecture_of"] == "tiny"


def test_untrained_control_resets_the_dense_module(build_bert, texts):
    from charz.encoders import random

    folder = build_bert(dense=4)
    loaded = random.load([EncoderSpec.parse(f"random:st/{folder}")])
    dense = loaded._network.tail[1]
    trained = st.load([EncoderSpec.parse(f"st:{folder}")])._network.tail[1]
    assert not torch.equal(dense.linear.weight, trained.linear.weight)
    assert loaded.encode(texts)[0].shape == (len(texts), 4)


def test_uses_the_threads_that_the_environment_grants(monkeypatch):
    before = torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", str(before + 1))
    with _pass._threads():
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="counts threads in /proc")
def test_the_tokeniser_takes_no_more_threads_than_are_granted(tiny):
    code = (
        "import os, sys; from charz.encoders import expand, st;"
        "st.load(expand(sys.argv[1])).encode([f'a cat {n}' for n in range(300)]);"
        "print(len(os.listdir('/proc/self/task')))"
    )
    kept = {name: value for name, value in os.environ.items() if name != "RAYON_NUM_THREADS"}
    found = []
    for threads in ({}, {"RAYON_NUM_THREADS": "6"}):
        done = subprocess.run(
            [sys.executable, "-c", code, f"st:{tiny}"],
            capture_output=True, text=True, check=True,
            env=kept | {"OMP_NUM_THREADS": "1"} | threads,
        )  # fmt: skip
        found.append(int(done.stdout))
    assert found[1] - found[0] == 6 - 1


def test_is_silent(tiny):
    """Neither progress bars nor advice, even when every library is imported here first."""
    code = (
        "import sys; from charz.encoders import st; from charz.records import EncoderSpec;"
        "st.load([EncoderSpec.parse(sys.argv[1])]).encode(['a cat', 'x ' * 900])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, f"st:{tiny}"], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    assert done.stderr == ""


@pytest.mark.parametrize("package", ["torch", "sentence_transformers"])
def test_names_the_extra_of_a_missing_package(tiny, package):
    code = (
        "import sys; sys.modules[sys.argv[2]] = None\n"
        "from charz.encoders import st; from charz.errors import MissingExtraError\n"
        "from charz.records import EncoderSpec\n"
        "try: st.load([EncoderSpec.parse(sys.argv[1])])\n"
        "except MissingExtraError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, f"st:{tiny}", package],
        capture_output=True,
        text=True,
        check=True,
    )
    assert package.replace("_", "-") in done.stdout
    assert "pip install 'charz[st]'" in done.stdout


def test_describe_does_not_import_torch(tiny):
    code = (
        "import sys; from charz.encoders import describe; from charz.records import EncoderSpec;"
        "describe(EncoderSpec.parse(sys.argv[1]));"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, f"st:{tiny}"], check=True)


@pytest.mark.parametrize("name", ["all-minilm-l6-v2", "splade-tiny", "paraphrase-minilm-l3-v2"])
def test_real_checkpoints(lab, name):
    folder = lab / name
    if not folder.is_dir():
        pytest.skip(f"there is no {name}")
    texts = ["A fine film.", "", "Das Wetter ist schön heute!", "word " * 400, "tiny"]
    specs = expand(f"st:{folder}?layer=all&pooling=mean,cls") + expand(f"st:{folder}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = st.load(specs).encode(texts)
    facts = describe(specs[-1])
    assert len(found) == 2 * (facts.n_layers + 1) + 1
    np.testing.assert_allclose(found[-1], plainly(folder, texts), atol=1e-5)
    top = found[2 * facts.n_layers]
    if facts.is_normalized:
        np.testing.assert_allclose(top, found[-1], atol=1e-6)
    np.testing.assert_allclose(
        found[3], slowly(folder, texts, 1, "cls", facts.max_tokens), atol=1e-4
    )
