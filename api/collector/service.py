"""One run of the collector.

    0  holds that aren't indexed yet are: of before there was an index, or of a pin under way
    1  holds end: let go by their owner, or their service ended, and the grace period over
    2  blocks go: batch by batch, what lies below no hold and nobody has put for a day

Invariant: what lies below a hold is never removed. A batch is looked at and removed in one writing
transaction, so a hold is either committed before it, and then its blocks are seen to be held, or
after it. Then its blocks were put within the last day (which `remove_older` respects, under a lock
that a put takes too), or lay below another hold, or are claimed block by block (`claim_dag`)
before the hold's owner is told anything. `holds.links` names a node as a parent only where all
below it is indexed; so a removed block's ancestors lose their links with it.

Deleting can't be undone, so holds end by final blocks only, and each end is recorded as an
irreversible act. Wherever a run stops, the next one goes on: blocks without a hold are found anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

import structlog
from flask import current_app

from api.collector import repository
from api.db import begin, db, utc_now, writing
from api.files.repository import delete_versions
from api.holds.links import index_dag
from api.holds.models import Hold, HoldKind
from api.holds.repository import drop_hold, move_holds
from api.holds.service import list_storage_services
from api.mirror import MirrorView, open_mirror
from api.pins.repository import end_pin
from api.problems import Problem
from api.services.service import service_owner
from api.settings import ApiSettings
from api.storage.ports import BlockStore, StorageError
from api.storage.unixfs.cid import DAG_PB, parse_cid
from api.storage.variants import Variants
from indexer.acts import record_act
from indexer.reads import AsOf
from indexer.reads.ended import read_ended, read_final
from indexer.rules import ServiceState

YOUNG = timedelta(days=1)  # blocks that were put since are left alone
_HOLDS_AT_ONCE = 200
_BLOCKS_AT_ONCE = 1_000

# What is told to the owner's rows; a deployment without a hold can't be published, which says it.
_ENDINGS: Mapping[HoldKind, Callable[[str], None]] = {
    HoldKind.FOLDER: lambda subject: delete_versions([subject]),
    HoldKind.PIN: end_pin,
}

log = structlog.get_logger()


@dataclass(slots=True)
class Collected:
    """What a run did, or would do."""

    holds: int = 0
    blocks: int = 0
    seen: int = 0  # blocks in the store
    roots: list[str] = field(default_factory=list)  # of the holds that ended


def collect(*, dry_run: bool = False) -> Collected:
    """Ends holds and removes blocks; with `dry_run` it only counts, without what 1 would free."""
    done = Collected()
    _index_all()
    try:
        _end_holds(done, dry_run=dry_run)
    except Problem as problem:  # no mirror yet: no hold ends, and what has none goes all the same
        log.info("collector_waits", reason=problem.type.slug)
    _sweep(done, dry_run=dry_run)
    log.info("collected", holds=done.holds, blocks=done.blocks, seen=done.seen, dry_run=dry_run)
    return done


def _index_all() -> None:
    """A DAG that isn't whole is left as it is: what of it is here can't be told from garbage."""
    store: BlockStore = current_app.extensions["dspace_store"]
    begin(writes=False)
    for text in repository.list_unindexed():
        root = parse_cid(text)
        if root.codec != DAG_PB:
            continue
        try:
            with writing():
                index_dag(store, root)
        except StorageError as error:
            log.info("hold_not_whole", cid=text, error=type(error).__name__)


def _end_holds(done: Collected, *, dry_run: bool) -> None:
    settings: ApiSettings = current_app.config["DSPACE"]
    grace = timedelta(days=settings.grace_days)
    while True:
        with writing():
            mirror = open_mirror()
            final = read_final(mirror.connection, mirror.block)
            if final is None:
                return
            # By the final block's clock as well: an end may still be undone by what comes after.
            latest = min(utc_now(), datetime.fromtimestamp(final.block_timestamp, UTC))
            over = repository.list_over(
                latest - grace, _long_ended(mirror, final, settings.grace_days), _HOLDS_AT_ONCE
            )
            ended = [hold for hold in over if not _has_another_home(mirror, hold, dry_run)]
            for hold in ended:
                done.holds += 1
                done.roots.append(hold.cid)
                if not dry_run:
                    _end(mirror, final, hold)
            if dry_run:
                db.session.rollback()
                return
        if len(over) < _HOLDS_AT_ONCE:
            return


def _long_ended(mirror: MirrorView, final: AsOf, grace_days: int) -> list[int]:
    services = repository.list_holding_services()
    ended = read_ended(mirror.connection, services, final, mirror.terms.grace)
    oldest = final.block_timestamp - grace_days * 86_400
    return [service_id for service_id, at in ended.items() if at < oldest]


def _has_another_home(mirror: MirrorView, hold: Hold, dry_run: bool) -> bool:
    """Folders and pins go over to another storage service of their owner that has not ended."""
    if hold.kind == HoldKind.DEPLOYMENT or hold.released_at is not None:
        return False
    owner = service_owner(mirror, hold.service_id)
    if owner is None:
        return False
    for view in list_storage_services(mirror, owner):
        state = view.state(mirror.now, mirror.terms.grace)
        if state not in (ServiceState.STOPPED, ServiceState.EXPIRED):
            if not dry_run:
                move_holds(HoldKind(hold.kind), [hold.subject], view.service.id)
            return True
    return False


def _end(mirror: MirrorView, final: AsOf, hold: Hold) -> None:
    record_act(
        mirror.connection,
        final,
        "content_released",
        f"{hold.kind}:{hold.subject}",
        cid=hold.cid,
        service_id=str(hold.service_id),
    )
    drop_hold(HoldKind(hold.kind), hold.subject)
    ending = _ENDINGS.get(HoldKind(hold.kind))
    if ending is not None:
        ending(hold.subject)


def _sweep(done: Collected, *, dry_run: bool) -> None:
    store: BlockStore = current_app.extensions["dspace_store"]
    settings: ApiSettings = current_app.config["DSPACE"]
    variants = Variants(settings.variants_dir)
    for cids in _batches(store.cids()):
        done.seen += len(cids)
        if dry_run:
            begin(writes=False)
            done.blocks += len(repository.unheld(cids))
            continue
        with writing():
            unheld = repository.unheld(cids)
            removed = store.remove_older(unheld, (utc_now() - YOUNG).timestamp())
            repository.forget_links(removed)
        variants.remove(removed)
        done.blocks += len(removed)


def _batches(cids: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(cids, _BLOCKS_AT_ONCE)):
        yield batch
