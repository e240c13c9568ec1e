"""`dspace collect`: one run of the collector by hand."""

from __future__ import annotations

import sys
from dataclasses import asdict

import orjson

from api.app import create_app
from api.collector.errors import AlreadyCollecting, NothingFinal
from api.collector.service import Collected, collect
from api.problems import Problem
from api.settings import ApiSettings
from api.starting import CannotStart, or_exit
from indexer.logs import configure_logging


def run_collect(settings: ApiSettings, *, dry_run: bool, as_json: bool) -> None:
    """Prints what was done; ends with 1 and a line where nothing can be."""
    configure_logging()
    with or_exit("collect"):
        app = create_app(settings)
        with app.app_context():
            try:
                done = collect(dry_run=dry_run)
            except AlreadyCollecting:
                raise CannotStart("another run is at it") from None
            except NothingFinal:
                raise CannotStart("the mirror has no final block yet; nothing is removed") from None
            except Problem as problem:
                raise CannotStart(problem.detail) from None
    sys.stdout.write(_json(done) if as_json else _lines(done))


def _json(done: Collected) -> str:
    return orjson.dumps(asdict(done)).decode() + "\n"


def _lines(done: Collected) -> str:
    if done.dry_run:
        return (
            f"as of final block {done.final_block:,}, a run would drop\n"
            f"  {done.holds_let_go:,} holds that were let go\n"
            f"  {done.holds_of_ended_services:,} holds of services that are over\n"
            f"and remove at most {done.blocks_removed:,} blocks. Nothing was changed.\n"
        )
    return (
        f"as of final block {done.final_block:,}, in {done.seconds} s\n"
        f"  {done.holds_let_go:,} holds dropped that were let go\n"
        f"  {done.holds_of_ended_services:,} holds dropped of services that are over\n"
        f"  {done.nodes_forgotten:,} nodes taken out of the index\n"
        f"  {done.blocks_removed:,} blocks removed\n"
    )
