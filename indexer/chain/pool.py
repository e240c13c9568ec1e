"""Several nodes as one: the first that answers is asked until it fails.

Invariant: no answer is passed on from a node whose chain id and genesis weren't compared with
the manifest's since its last failure. A node of another chain is left out with a log line; the
start is refused where no other one is left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog

from indexer.chain.parse import parse_block, parse_quantity
from indexer.chain.rpc import RpcEndpoint
from indexer.errors import (
    MethodMissing,
    NodeRefused,
    ProviderError,
    RangeTooLarge,
    WrongChain,
)

PREFERRED_AGAIN_SECONDS = 30.0  # after a fail-over the first node is tried again

T = TypeVar("T")
log = structlog.get_logger()


class Pool:
    """Fail-over between nodes of one chain."""

    def __init__(self, endpoints: Sequence[RpcEndpoint], chain_id: int, genesis_hash: str) -> None:
        self._endpoints = list(endpoints)
        self._chain_id = chain_id
        self._genesis_hash = genesis_hash
        self._checked: set[str] = set()
        self._current = 0
        self._preferred_again_at = 0.0

    def __len__(self) -> int:
        return len(self._endpoints)

    def close(self) -> None:
        """Ends all connections."""
        for endpoint in self._endpoints:
            endpoint.close()

    def ask(self, question: Callable[[RpcEndpoint], T], *, may_be_refused: bool = False) -> T:
        """Puts a question to the current node, then to the others; raises the last failure.

        RangeTooLarge and MethodMissing are about the question and come back at once, and with
        `may_be_refused` so does every other error that the node puts in words.
        """
        if self._current and time.monotonic() >= self._preferred_again_at:
            self._current = 0
        failure: ProviderError | None = None
        foreign: list[WrongChain] = []
        for _ in range(len(self._endpoints)):
            endpoint = self._endpoints[self._current]
            try:
                self._check_chain(endpoint)
                return question(endpoint)
            except (RangeTooLarge, MethodMissing):
                raise
            except WrongChain as error:
                foreign.append(error)
                self.fail_over(str(error))
            except ProviderError as error:
                if may_be_refused and isinstance(error, NodeRefused):
                    raise
                failure = error
                self._checked.discard(endpoint.url)  # it may come back as another one
                self.fail_over(str(error))
        if failure is None:
            raise foreign[0]
        raise failure

    def fail_over(self, reason: str) -> None:
        """Turns to the next node, if there is one; whoever got a false answer calls it too."""
        if len(self._endpoints) == 1:
            return
        failed = self._endpoints[self._current]
        self._current = (self._current + 1) % len(self._endpoints)
        self._preferred_again_at = time.monotonic() + PREFERRED_AGAIN_SECONDS
        log.warning(
            "provider_failed_over",
            provider=failed.name,
            reason=reason,
            to=self._endpoints[self._current].name,
        )

    def recheck(self) -> None:
        """Forgets which nodes were compared: the next question compares again."""
        self._checked.clear()

    def _check_chain(self, endpoint: RpcEndpoint) -> None:
        if endpoint.url in self._checked:
            return
        chain_id, genesis = endpoint.batch(
            [("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False])]
        )
        if parse_quantity(chain_id) != self._chain_id:
            raise WrongChain(
                f"{endpoint.name} follows chain {parse_quantity(chain_id)}, "
                f"the deployment is on chain {self._chain_id}"
            )
        genesis_hash = parse_block(genesis).hash
        if genesis_hash != self._genesis_hash:
            raise WrongChain(
                f"{endpoint.name} follows another chain {self._chain_id}: its genesis is "
                f"{genesis_hash}, the deployment's {self._genesis_hash}"
            )
        self._checked.add(endpoint.url)
