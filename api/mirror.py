"""The mirror as a request sees it: rows at one block, evaluated at one second.

Every answer with mirrored state goes through here, so that each has its `as_of`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import Connection

from api.db import db
from api.http.schemas import AsOf
from api.problems import Problem
from indexer import reads
from indexer.manifest import Deployment
from indexer.rules import ServiceState, chain_now

STATE_NAMES = {state: state.name.lower() for state in ServiceState}


@dataclass(frozen=True, slots=True)
class MirrorView:
    """Good for the transaction that it was opened in."""

    connection: Connection
    block: reads.AsOf
    terms: reads.Terms
    now: int  # unix seconds: when derived states are evaluated
    wall: int  # unix seconds

    @property
    def as_of(self) -> AsOf:
        """What answers carry."""
        return AsOf(
            block_number=self.block.block_number,
            block_hash=self.block.block_hash,
            finalized=self.block.finalized,
            lag_seconds=self.block.lag_seconds(self.wall),
        )

    def state_of(self, service: reads.ServiceView) -> str:
        """`active`, `paused`, `lapsed`, `expired`, `suspended` or `stopped`."""
        return STATE_NAMES[service.state(self.now, self.terms.grace)]


def open_mirror() -> MirrorView:
    """The mirror in the session's transaction; raises a Problem of 503 where there is none."""
    connection = db.session.connection()
    block = reads.read_as_of(connection)
    deployment: Deployment = current_app.config["DEPLOYMENT"]
    if block is None or not is_of(block, deployment):
        raise Problem("mirror-not-ready")
    terms = reads.read_terms(connection)
    if terms is None:
        raise Problem("mirror-not-ready")
    wall = int(time.time())
    return MirrorView(connection, block, terms, chain_now(block.block_timestamp, wall), wall)


def is_of(block: reads.AsOf, deployment: Deployment) -> bool:
    """Whether the mirror is one of the chain that the manifest names."""
    return (block.chain_id, block.genesis_hash) == (deployment.chain_id, deployment.genesis_hash)
