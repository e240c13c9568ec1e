"""The tables, the settings, the spool: what operators rely on."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from pydantic import ValidationError
from sqlalchemy import inspect

from api.deployments.uploads import ORPHAN_SECONDS, sweep_uploads
from api.migrate import alembic_config, migrate, open_migration_engine
from api.settings import ApiSettings
from api.tables import off_chain_tables
from tests.api.deploying import deploy
from tests.api.world import SECRET, Wallet, make_settings


class TestTables:
    def test_there_is_one_head(self) -> None:
        assert len(ScriptDirectory.from_config(alembic_config()).get_heads()) == 1

    def test_models_and_migrations_make_the_same(
        self, tmp_path: Path, any_database_url: str
    ) -> None:
        settings = make_settings(tmp_path / "data", any_database_url)
        migrate(settings)
        engine = open_migration_engine(any_database_url)
        with engine.connect() as conn:
            context = MigrationContext.configure(conn, opts={"compare_type": True})
            assert compare_metadata(context, off_chain_tables()) == []
            unique = {
                index["name"]: [str(value) for value in index["dialect_options"].values()]
                for index in inspect(conn).get_indexes("sites")
                if index["unique"]
            }
        engine.dispose()
        assert set(unique) == {"uq_sites_name", "uq_sites_service"}
        assert all("deleted_at IS NULL" in " ".join(options) for options in unique.values())

    def test_migrating_twice_at_once_does_it_once(
        self, tmp_path: Path, any_database_url: str
    ) -> None:
        settings = make_settings(tmp_path / "data", any_database_url)
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(migrate, [settings] * 3))
        engine = open_migration_engine(any_database_url)
        tables = inspect(engine).get_table_names()
        engine.dispose()
        assert set(tables) == {*off_chain_tables().tables, "alembic_version"}


class TestSettings:
    @pytest.mark.parametrize(
        ("values", "named"),
        [
            ({"secret_key": "too short"}, "secret_key"),
            ({"database_url": "mysql://x"}, "database_url"),
            ({"database_url": "nonsense"}, "database_url"),
            ({"queue_url": "amqp://x"}, "queue_url"),
            ({"public_url": "ftp://x"}, "public_url"),
            ({"api_port": 0}, "api_port"),
            ({"session_ttl": 1}, "session_ttl"),
        ],
    )
    def test_a_bad_one_is_named(self, values: dict[str, object], named: str) -> None:
        with pytest.raises(ValidationError) as raised:
            ApiSettings(_env_file=None, **{"secret_key": SECRET, **values})  # type: ignore[arg-type]
        assert [error["loc"] for error in raised.value.errors()] == [(named,)]

    def test_there_is_no_secret_to_fall_back_on(self) -> None:
        with pytest.raises(ValidationError) as raised:
            ApiSettings(_env_file=None)  # type: ignore[call-arg]
        assert [error["loc"] for error in raised.value.errors()] == [("secret_key",)]

    def test_defaults_follow_from_one_another(self, tmp_path: Path) -> None:
        made = make_settings(tmp_path, base_domain="example.org", api_port=9000)
        assert made.public_url == "http://example.org:9000"
        assert made.sign_in_domain == "example.org:9000"
        assert made.database_url == f"sqlite:///{tmp_path}/dspace.sqlite3"
        behind = make_settings(tmp_path, public_url="https://api.example.org/")
        assert behind.sign_in_domain == "api.example.org"

    def test_another_process_gets_the_same(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = make_settings(tmp_path, queue_url="redis://x/1", session_ttl=77)
        for name, value in made.environment().items():
            monkeypatch.setenv(name, value)
        assert ApiSettings(_env_file=None) == made  # type: ignore[call-arg]

    def test_secrets_are_not_shown(self, tmp_path: Path) -> None:
        made = make_settings(tmp_path, database_url="postgresql+psycopg://u:hidden@h/d")
        assert "hidden" not in repr(made)
        assert SECRET not in repr(made)


def test_orphaned_uploads_are_swept_and_awaited_ones_stay(
    app: Flask, owner: Wallet, settings: ApiSettings
) -> None:
    owner.post("/v1/sites", json={"name": "hello", "service_id": 1})
    deploy(owner)
    (awaited,) = settings.uploads_dir.iterdir()
    orphan, fresh = (settings.uploads_dir / name for name in ("a.upload", "b.upload"))
    orphan.write_bytes(b"x")
    fresh.write_bytes(b"x")
    old = time.time() - ORPHAN_SECONDS - 1
    for path in (awaited, orphan):
        os.utime(path, (old, old))
    with app.app_context():
        assert sweep_uploads(settings.uploads_dir) == 1
        assert sweep_uploads(settings.uploads_dir / "not-there") == 0
    assert set(settings.uploads_dir.iterdir()) == {awaited, fresh}
