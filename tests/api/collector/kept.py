"""A platform in a folder whose time can pass: what the collector's tests act on."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import Engine, insert, select, update

from api.app import create_app
from api.collector.models import EndedService
from api.db import begin, db, writing
from api.holds.models import Hold
from api.migrate import migrate
from api.settings import ApiSettings
from api.storage.ports import BlockStore
from api.storage.unixfs import Cid, DirectoryBuilder, import_file
from api.storage.unixfs.walk import walk_blocks
from indexer import schema
from tests.api.world import Mirror, make_settings

GRACE_DAYS = 14


def address(number: int) -> str:
    return "0x" + f"{number:040d}"


@cache
def _migrated() -> Path:
    folder = Path(mkdtemp())
    migrate(make_settings(folder))
    return folder / "dspace.sqlite3"


class Kept:
    """App, mirror and store over a folder; time passes by making everything older."""

    def __init__(self, settings: ApiSettings) -> None:
        self.settings = settings
        self.mirror = Mirror(settings.database_url)
        self.app = create_app(settings)
        self.context = self.app.app_context()
        self.context.push()
        self.store: BlockStore = self.app.extensions["dspace_store"]
        self.final()

    @classmethod
    def on_sqlite(cls, folder: Path, **more: int) -> Kept:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(_migrated(), folder / "dspace.sqlite3")
        return cls(make_settings(folder, grace_days=GRACE_DAYS, **more))

    def close(self) -> None:
        engine: Engine = db.engine
        db.session.rollback()
        db.session.remove()
        self.context.pop()
        engine.dispose()
        self.mirror.close()

    def next_block(self, *, final: bool = True) -> None:
        """The mirror's next block, at this second; with it, all before it become final or not."""
        before = self.mirror.block
        self.mirror.at(before + 1, int(time.time()))
        with self.mirror.engine.begin() as conn:
            conn.execute(
                insert(schema.blocks).values(
                    number=self.mirror.block,
                    hash=self.mirror.block_hash,
                    parent_hash=f"0x{before:064x}",
                    timestamp=self.mirror.now,
                )
            )
        if final:
            self.mirror.cursor(finalized_number=self.mirror.block)

    def final(self) -> None:
        """All that was is final."""
        self.next_block()

    def days_pass(self, days: float) -> None:
        seconds = int(days * 86_400)
        shift = timedelta(seconds=seconds)
        for cid in self.store.cids():
            path = self.store.path(cid)
            assert path is not None
            with suppress(FileNotFoundError):
                put_at = path.stat().st_mtime - seconds
                os.utime(path, (put_at, put_at))
        with writing():
            for hold in db.session.scalars(select(Hold)):
                hold.created_at -= shift
                if hold.released_at is not None:
                    hold.released_at -= shift
            for ended in db.session.scalars(select(EndedService)):
                ended.since -= shift
        with self.mirror.engine.begin() as conn:
            accounts, services = schema.accounts, schema.services
            conn.execute(
                update(services)
                .where(services.c.expires_at > 0)
                .values(expires_at=services.c.expires_at - seconds)
            )
            conn.execute(update(accounts).values(updated_at=accounts.c.updated_at - seconds))
        self.final()

    def tree(self, files: dict[str, bytes]) -> Cid:
        """Puts a folder into the store; nobody holds it yet."""
        builder = DirectoryBuilder()
        for path, data in files.items():
            builder.add_file(tuple(path.split("/")), import_file(BytesIO(data), self.store))
        root = builder.build(self.store).cid
        self.store.flush()
        return root

    def below(self, root: Cid) -> set[str]:
        """Every block of a DAG, read whole; raises BlockMissing where one isn't there."""
        return {str(cid) for cid, _ in walk_blocks(self.store, [root])}

    def blocks(self) -> set[str]:
        return set(self.store.cids())

    def holds(self) -> set[str]:
        begin(writes=False)
        return set(db.session.scalars(select(Hold.subject)))


def days_ago(days: float) -> datetime:
    from api.db import utc_now

    return utc_now() - timedelta(days=days)
