"""What `ape console` knows besides Ape's own: the contracts by their names.

On the chain of the deployment manifest (DSPACE_DEPLOYMENT) a name is the contract at its address,
elsewhere the contract's type; `project.Credits` is always the type.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

NAMES = ("Credits", "Domains", "Hosting", "TestFeed", "TestUSD")


def ape_init_extras(project: Any, chain: Any) -> dict[str, Any]:
    """The names that the console starts with."""
    from indexer.manifest import DeploymentError, load_deployment

    named: dict[str, Any] = {name: getattr(project, name) for name in NAMES}
    path = Path(os.environ.get("DSPACE_DEPLOYMENT", ".decentraspace/deployment.json"))
    try:
        deployment = load_deployment(path)
    except DeploymentError:
        return named
    provider = chain.provider
    genesis = "0x" + bytes(provider.get_block(0).hash).hex()
    if (deployment.chain_id, deployment.genesis_hash) == (provider.chain_id, genesis):
        named |= {
            name: named[name].at(contract.address)
            for name, contract in deployment.contracts.items()
            if name in named
        }
    return named
