"""`python -m scripts.deployment.check`: what `ape run check` does, with neither Ape nor a key.

By the settings of `make run` (`DSPACE_RPC_URLS`, `DSPACE_DEPLOYMENT`, `DSPACE_DATA_DIR`).
"""

from __future__ import annotations

import sys

from eth_account import Account
from requests import RequestException

from scripts.deployment.__main__ import DeploySettings
from scripts.deployment.errors import DeployError
from scripts.deployment.spec import DEVELOPMENT
from scripts.deployment.web3_hands import Web3Hands
from scripts.operating.check import Check
from scripts.operating.desk import Desk


def main() -> int:
    """Prints the findings; 0 where all is as it must be."""
    settings = DeploySettings()
    manifest = settings.deployment or settings.data_dir / "deployment.json"
    try:
        # Nothing is signed: any key will do.
        hands = Web3Hands(settings.url, Account.create().key.to_0x_hex())
        return int(Check(Desk(hands, manifest, True, print), DEVELOPMENT).run() > 0)
    except DeployError as error:
        print(f"check: {error}", file=sys.stderr)
    except RequestException:
        print(f"check: {settings.url} does not answer as a node", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
