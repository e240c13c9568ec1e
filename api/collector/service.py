"""One run of the collector: drop, forget, sweep. One at a time on a data folder.

Two at once, as of two machines over one database, would do no harm, only everything twice.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from flask import current_app

from api.collector import repository
from api.collector.dropping import drop_of_ended, drop_released, due_services
from api.collector.ending import note_ended_services
from api.collector.errors import AlreadyCollecting, NothingFinal
from api.collector.final import open_final
from api.collector.sweeping import forget_unheld, sweep_blocks
from api.db import begin, db, utc_now
from api.settings import ApiSettings
from api.storage.ports import BlockStore

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Collected:
    """What a run did; of a dry run, what one would do at most."""

    final_block: int
    holds_let_go: int
    holds_of_ended_services: int
    nodes_forgotten: int
    blocks_removed: int
    seconds: float
    dry_run: bool


def collect(*, dry_run: bool = False) -> Collected:
    """Removes what is over; raises AlreadyCollecting, NothingFinal."""
    settings: ApiSettings = current_app.config["DSPACE"]
    store: BlockStore = current_app.extensions["dspace_store"]
    before = utc_now() - timedelta(days=settings.grace_days)
    if dry_run:
        return _foresee(store, before)
    with _alone(settings.data_dir / "collector.lock"):
        begun = time.monotonic()
        block = _final_block()
        note_ended_services()
        done = Collected(
            final_block=block,
            holds_let_go=drop_released(before),
            holds_of_ended_services=drop_of_ended(before),
            nodes_forgotten=forget_unheld(),
            blocks_removed=sweep_blocks(store),
            seconds=round(time.monotonic() - begun, 3),
            dry_run=False,
        )
    log.info("collected", **{name: getattr(done, name) for name in done.__slots__})
    return done


def collect_when_due() -> None:
    """As the scheduler asks for it: a run that can't be now comes another day."""
    try:
        collect()
    except (AlreadyCollecting, NothingFinal) as why:
        log.info("collecting_put_off", reason=type(why).__name__)


def _foresee(store: BlockStore, before: datetime) -> Collected:
    begun = time.monotonic()
    services = [number for page in due_services(before) for number in page]
    begin(writes=False)
    final = open_final()
    over = list(final.over(services))
    let_go, ended = repository.count_due(before, over)
    kept = repository.count_kept_blocks(before, over)
    db.session.rollback()
    return Collected(
        final_block=final.block.block_number,
        holds_let_go=let_go,
        holds_of_ended_services=ended,
        nodes_forgotten=0,
        blocks_removed=max(0, sum(1 for _ in store.cids()) - kept),
        seconds=round(time.monotonic() - begun, 3),
        dry_run=True,
    )


def _final_block() -> int:
    begin(writes=False)
    try:
        return open_final().block.block_number
    finally:
        db.session.rollback()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyCollecting from None
        yield
