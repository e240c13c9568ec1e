"""`dspace collect`: one run, told in a line or as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from api.app import create_app
from api.collector.service import collect
from api.settings import ApiSettings
from api.starting import or_exit
from indexer.logs import configure_logging


def run_collector(settings: ApiSettings, *, dry_run: bool, as_json: bool) -> str:
    """What was done, or would be."""
    configure_logging()
    with or_exit("collect"):
        app = create_app(settings)
    with app.app_context():
        done = collect(dry_run=dry_run)
    if as_json:
        return json.dumps(asdict(done))
    would = "would end" if dry_run else "ended"
    return (
        f"{would} {done.holds} holds; {'would remove' if dry_run else 'removed'} {done.blocks:,} "
        f"of {done.seen:,} blocks"
    )
