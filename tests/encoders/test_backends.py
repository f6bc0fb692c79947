"""ONNX Runtime and OpenVINO against torch: the same vectors, from a file or by conversion."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")

from charz.encoders import describe, expand, st  # noqa: E402
from charz.encoders._quiet import quiet  # noqa: E402
from charz.errors import InputError  # noqa: E402

LIBRARIES = {"onnx": ("onnxruntime", "onnxscript"), "openvino": ("openvino",)}


@pytest.fixture(scope="module", params=LIBRARIES)
def backend(request):
    missing = [name for name in LIBRARIES[request.param] if find_spec(name) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not installed: pip install 'charz[{request.param}]'")
    return request.param


def encode(*specs, texts):
    return st.load([each for spec in specs for each in expand(spec)]).encode(texts)


def give_network(folder: Path, backend: str, scale: float = 1.0) -> Path:
    """Write a checkpoint's network for a backend beside its weights, by that library's means."""
    import transformers

    model = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        model.encoder.layer[-1].output.LayerNorm.weight *= scale
        model.encoder.layer[-1].output.LayerNorm.bias *= scale
    names = ["input_ids", "attention_mask", "token_type_ids"]
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    examples = {name: mask.clone() for name in names}  # one tensor would become one input

    class Last(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, ids, mask, types):
            return self.model(ids, mask, types).last_hidden_state

    (folder / backend).mkdir()
    if backend == "onnx":
        path = folder / "onnx" / "model.onnx"
        sizes = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
        torch.onnx.export(
            Last(), tuple(examples.values()), str(path), dynamo=True, verbose=False,
            input_names=names, output_names=["last_hidden_state"],
            dynamic_shapes=(sizes, sizes, sizes), external_data=False,
        )  # fmt: skip
        return path
    import openvino

    path = folder / "openvino" / "openvino_model.xml"
    network = openvino.convert_model(Last(), example_input=tuple(examples.values()))
    for given, name in zip(network.inputs, names, strict=True):
        given.get_tensor().set_names({name})
    openvino.save_model(network, str(path), compress_to_fp16=False)
    return path


@pytest.fixture(scope="module")
def given(build_bert, backend):
    sys.modules.setdefault("openvino_telemetry", None)
    folder = build_bert(normalize=False)
    with quiet():
        give_network(folder, backend, scale=2.0)
    return folder


@pytest.fixture
def own(given, tmp_path):
    """A checkpoint that brings a network of its own whose vectors are twice torch's."""
    return shutil.copytree(given, tmp_path / "own")


def test_converted_networks_give_what_torch_gives(tiny, texts, backend):
    (X,) = encode(f"st:{tiny}?backend={backend}", texts=texts)
    (expected,) = encode(f"st:{tiny}", texts=texts)
    np.testing.assert_allclose(X, expected, atol=1e-5)
    poolings = "pooling=mean,cls,max,last&normalize=false"
    found = encode(f"st:{tiny}?backend={backend}&{poolings}", texts=texts)
    for X, Y in zip(found, encode(f"st:{tiny}?{poolings}", texts=texts), strict=True):
        np.testing.assert_allclose(X, Y, atol=1e-4)
    again = encode(f"st:{tiny}?backend={backend}&{poolings}", texts=texts)
    np.testing.assert_array_equal(found, again)


def test_the_modules_after_the_network_run_too(build_bert, texts, backend):
    folder = build_bert(pooling="weightedmean_tokens", dense=5)
    (X,) = encode(f"st:{folder}?backend={backend}", texts=texts)
    (expected,) = encode(f"st:{folder}", texts=texts)
    np.testing.assert_allclose(X, expected, atol=1e-5)


def test_a_network_of_its_own_is_run_without_torch_weights(own, texts, backend):
    (expected,) = encode(f"st:{own}", texts=texts)
    spec = f"st:{own}?backend={backend}"
    (X,) = encode(spec, texts=texts)
    np.testing.assert_allclose(X, 2 * expected, atol=1e-4)
    (own / "model.safetensors").unlink()
    (again,) = encode(spec, texts=texts)
    np.testing.assert_array_equal(again, X)
    with pytest.raises(InputError, match="no weights"):
        encode(f"st:{own}", texts=texts)


def test_the_fingerprint_is_of_what_runs(own, backend):
    (spec,), (plain,) = expand(f"st:{own}?backend={backend}"), expand(f"st:{own}")
    before, of_torch = describe(spec).fingerprint, describe(plain).fingerprint
    assert before != of_torch
    for path in (own / backend).iterdir():
        path.write_bytes(path.read_bytes() + b" ")
        assert describe(spec).fingerprint != before
        before = describe(spec).fingerprint
    assert describe(plain).fingerprint == of_torch


def test_a_network_that_is_no_network_is_an_input_error(tiny, tmp_path, backend):
    folder = shutil.copytree(tiny, tmp_path / "copy")
    name = {"onnx": "model.onnx", "openvino": "openvino_model.xml"}[backend]
    (folder / backend).mkdir()
    (folder / backend / name).write_bytes(b"no network at all")
    with pytest.raises(InputError, match="does not load"):
        encode(f"st:{folder}?backend={backend}", texts=["a cat"])


@pytest.mark.parametrize("backend", LIBRARIES)
def test_names_the_extra_of_a_missing_library(tiny, backend):
    code = (
        "import sys; sys.modules[sys.argv[2]] = None\n"
        "from charz.encoders import expand, st; from charz.errors import MissingExtraError\n"
        "try: st.load(expand(sys.argv[1]))\n"
        "except MissingExtraError as error: print(error)"
    )
    arguments = f"st:{tiny}?backend={backend}", LIBRARIES[backend][0]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    assert f"pip install 'charz[{backend}]'" in done.stdout


def test_is_silent_and_leaves_the_home_folder_alone(tiny, tmp_path, backend):
    code = (
        "import sys; from charz.encoders import expand, st;"
        "st.load(expand(sys.argv[1])).encode(['a cat', 'x ' * 90])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, f"st:{tiny}?backend={backend}"],
        capture_output=True, text=True, check=True, env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")
    assert list(tmp_path.iterdir()) == []
