"""What stands on the chain, and how it gets there: the same for `make run` and `ape run deploy`.

spec     which contracts, arguments, meters, plans and roles
install  brings a chain to it, step by step, and goes on where it was cut off
hands    who signs and sends: web3.py with a key here, an Ape account in `ape_hands`
"""

from __future__ import annotations

from scripts.deployment.errors import DeployError
from scripts.deployment.install import deploy_with
from scripts.deployment.spec import DEVELOPMENT, Plan, Spec
from scripts.deployment.web3_hands import deploy

__all__ = ["DEVELOPMENT", "DeployError", "Plan", "Spec", "deploy", "deploy_with"]
