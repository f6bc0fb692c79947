"""Migrations: self-contained, ordered, and from every older registry to the models' schema.

After a change of the schema: ``python -m pytest -n 0 tests/test_migrations.py --update-golden``
writes the golden schemas anew, and the golden registry of a head that has none yet; older
golden registries are never touched. Read the diff before committing it.
"""

from __future__ import annotations

import ast
import re
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from charz import paths
from charz import store as stores
from charz.columns import Base
from charz.schema import TABLES
from tests import dumps, world

GOLDEN = Path(__file__).parent / "golden"
VERSIONS = sorted((paths.migrations() / "versions").glob("*.py"))
OLD = sorted(GOLDEN.glob("registry-*.sql"))
PLUGINS = ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"]

every_version = pytest.mark.parametrize("file", VERSIONS, ids=lambda file: file.stem)


@pytest.fixture
def update(request) -> bool:
    return bool(request.config.getoption("--update-golden"))


def test_the_schema_is_the_golden_one(store, update):
    file = GOLDEN / f"schema.{store.engine.dialect.name}.sql"
    found = dumps.schema(store.engine)
    if update:
        file.write_text(found, encoding="utf-8")
    assert found == file.read_text(encoding="utf-8")


def test_the_models_make_the_same_schema_as_the_migrations(registry_url):
    with closing(stores.Store(registry_url)) as unmigrated:
        Base.metadata.create_all(unmigrated.engine)
        made = dumps.schema(unmigrated.engine)
        golden = GOLDEN / f"schema.{unmigrated.engine.dialect.name}.sql"
    migrated = golden.read_text(encoding="utf-8")
    assert _without_version(made) == _without_version(migrated)


def _without_version(schema: str) -> list[str]:
    return [part for part in schema.split("\n\n") if "alembic_version" not in part]


def _drift(store) -> list[object]:
    options = {"compare_type": True, "autogenerate_plugins": PLUGINS}
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        return compare_metadata(context, Base.metadata)


def test_alembic_finds_nothing_to_add(store):
    assert _drift(store) == []


@pytest.mark.parametrize("statement", [
    "ALTER TABLE subset DROP CONSTRAINT ck_subset_role",
    "ALTER TABLE encoder ALTER COLUMN n_parameters TYPE integer",
    "DROP INDEX ix_subset_split_id",
])  # fmt: skip
def test_alembic_would_find_it(postgres_store, statement):
    with postgres_store.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    assert len(_drift(postgres_store)) == 1


# --- older registries


def test_there_is_a_golden_registry_of_every_revision(tmp_path, sqlite_store, update):
    file = GOLDEN / f"registry-{stores.head()}.sql"
    if update and not file.exists():
        world.fill(sqlite_store)
        sqlite_store.close()
        file.write_text(dumps.dump(tmp_path / "charz.db"), encoding="utf-8")
    wanted = [f"registry-{version.stem.split('_')[0]}.sql" for version in VERSIONS]
    assert [old.name for old in sorted(GOLDEN.glob("registry-*.sql"))] == wanted


@pytest.mark.parametrize("old", OLD, ids=lambda old: old.stem)
def test_an_older_registry_comes_up_to_date_whole(old, tmp_path, sqlite_store):
    file = tmp_path / "old.db"
    dumps.load(old.read_text(encoding="utf-8"), file)
    url = f"sqlite:///{file}"
    assert stores.current(url) == old.stem.split("-")[1]
    counted = {
        name: len(rows) for name, rows in dumps.contents(sa.create_engine(url)).items()
    }  # before it is upgraded
    assert stores.upgrade(url) == stores.head()
    with stores.open(url) as store:
        assert _drift(store) == []
        assert dumps.schema(store.engine) == dumps.schema(sqlite_store.engine)
        now = {name: store.count(name) for name in TABLES}
        assert {name: n for name, n in now.items() if name in counted} == {
            name: n for name, n in counted.items() if name in now
        }
        assert all(now[name] for name in counted if name in now), "every golden table has rows"
        with store.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


@pytest.mark.parametrize("old", OLD, ids=lambda old: old.stem)
def test_upgrading_again_changes_nothing(old, tmp_path):
    file = tmp_path / "old.db"
    dumps.load(old.read_text(encoding="utf-8"), file)
    with closing(stores.Store(f"sqlite:///{file}")) as store:
        stores.upgrade(store.url)
        before = dumps.contents(store.engine)
        stores.upgrade(store.url)
        assert dumps.contents(store.engine) == before


def test_every_downgrade_undoes_its_upgrade(registry_url):
    from alembic import command
    from alembic.config import Config

    from charz import database

    def move(step, target):
        config = Config()
        config.set_main_option("script_location", str(paths.migrations()))
        with database.connection(registry_url, foreign_keys="off") as connection:
            connection.execution_options(charz_write=True)
            with connection.begin():
                config.attributes["connection"] = connection
                step(config, target)
            return dumps.schema(connection.engine)

    schemas = [move(command.upgrade, "+1") for _ in VERSIONS]
    for schema in [*reversed(schemas[:-1]), None]:
        found = move(command.downgrade, "-1")
        if schema is not None:
            assert found == schema
    assert "CREATE TABLE encoder" not in found
    assert stores.current(registry_url) is None
    assert stores.upgrade(registry_url) == stores.head()


# --- the files


def test_versions_are_numbered_in_their_order():
    numbers = [version.stem.split("_")[0] for version in VERSIONS]
    assert numbers == [f"{number:04}" for number in range(1, len(VERSIONS) + 1)]
    assert stores.head() == numbers[-1]


@every_version
def test_a_version_names_itself_and_the_one_before(file):
    values = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    number = int(values["revision"])
    assert re.fullmatch(rf"{number:04}_[a-z0-9_]+", file.stem)
    assert values["down_revision"] == (f"{number - 1:04}" if number > 1 else None)


@every_version
def test_a_version_stands_alone_and_can_be_undone(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    } | {
        (node.module or ".").split(".")[0]
        for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
    }  # fmt: skip
    assert imported <= {"__future__", "alembic", "sqlalchemy", "json", "datetime"}
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for name in ("upgrade", "downgrade"):
        assert any(isinstance(node, ast.Call) for node in ast.walk(functions[name]))
