"""How the mirror's database is opened for its writer."""

from __future__ import annotations

from sqlalchemy import make_url

from indexer.database import open_engine


def test_a_writer_that_goes_without_a_word_is_noticed_in_seconds(database_url: str) -> None:
    engine = open_engine(database_url, writes=True)
    with engine.connect() as conn:
        if engine.dialect.name == "sqlite":
            return  # the kernel drops the lock with the process
        probes = [
            conn.exec_driver_sql(f"SHOW tcp_keepalives_{name}").scalar_one()
            for name in ("idle", "interval", "count")
        ]
    host = make_url(database_url).host
    is_tcp = bool(host) and not str(host).startswith("/")
    assert probes == (["5", "2", "3"] if is_tcp else ["0", "0", "0"])
