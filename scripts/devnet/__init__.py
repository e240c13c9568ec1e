"""The embedded chain: an Ethereum node for development and tests, on py-evm through eth-tester.

    server  HTTP        rpc  envelopes and batches       methods/  one file a family of calls
    chain   blocks      evm  calls and gas estimates     store     what survives a kill

One lock: whoever holds it owns the chain. An acknowledged transaction has been mined and synced
to the disk. Nothing here is imported by the indexer or the API; any other node is a URL.
"""

from __future__ import annotations

from scripts.devnet.server import run_devnet

__all__ = ["run_devnet"]
