"""Names of hub models, against real servers on loopback and a real cache folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

pytest.importorskip("huggingface_hub")

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CODE = """
import sys
from charz.encoders import describe
from charz.errors import CharzError
from charz.records import EncoderSpec
try:
    facts = describe(EncoderSpec.parse(sys.argv[1]))
    print(facts.lineage, facts.extra["commit"])
except CharzError as error:
    print(type(error).__name__, error)
"""


def ask(spec, tmp_path, endpoint="http://127.0.0.1:9"):
    """Describe ``spec`` in a process whose hub is ``endpoint`` and whose cache is ``tmp_path``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment = {**kept, "HF_HOME": str(tmp_path), "HF_ENDPOINT": endpoint}
    command = [sys.executable, "-c", CODE, spec]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, timeout=100
    )
    return done.stdout.strip()


@pytest.fixture
def hub():
    """A hub that knows ``org/known`` but none of its revisions."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            is_known = "org/known" in self.path
            self.send_response(404)
            self.send_header("X-Error-Code", "RevisionNotFound" if is_known else "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815 - the name that http.server looks up

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_no_network(tmp_path):
    answer = ask("st:org/model", tmp_path)
    assert answer.startswith("OfflineError")
    assert "org/model" in answer
    assert "name a local folder" in answer


def test_unknown_model(tmp_path, hub):
    assert ask("st:org/modle", tmp_path, hub).startswith(
        "UnknownNameError the hub knows no model 'org/modle'"
    )
    assert ask("static:modle", tmp_path, hub).startswith("UnknownNameError")


def test_unknown_revision(tmp_path, hub):
    answer = ask("st:org/known@v9", tmp_path, hub)
    assert answer.startswith("UnknownNameError 'org/known' has no revision 'v9'")


@pytest.mark.parametrize("revision", ["", "@main", f"@{COMMIT}"])
def test_a_cached_model_needs_no_network(tiny, tmp_path, revision):
    model = tmp_path / "hub/models--org--model"
    shutil.copytree(tiny, model / "snapshots" / COMMIT)
    (model / "refs").mkdir()
    (model / "refs/main").write_text(COMMIT)
    assert ask(f"st:org/model{revision}", tmp_path) == f"model {COMMIT}"
