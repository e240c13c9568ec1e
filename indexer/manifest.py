"""The deployment manifest: which contracts stand where, on which chain.

Written once by the deploy script, read by everyone else. Addresses are EIP-55. Refuses a file
that is missing, broken or names an address that is none.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from eth_utils.address import (
    is_checksum_address,
    is_checksum_formatted_address,
    is_hex_address,
    to_checksum_address,
)
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError


class DeploymentError(Exception):
    """The manifest can't be used; the message is one line for the operator."""


def _checksummed(address: str) -> str:
    if not is_hex_address(address):
        raise ValueError(f"{address!r} is no address")
    if is_checksum_formatted_address(address) and not is_checksum_address(address):
        raise ValueError(f"{address!r} has a wrong checksum")
    return to_checksum_address(address)


def _lower_case(value: str) -> str:
    return value.lower()


Address = Annotated[str, AfterValidator(_checksummed)]
Hash = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{64}$"), AfterValidator(_lower_case)]


class DeployedContract(BaseModel):
    """A contract's address (EIP-55) and the number of the block that it was created in."""

    model_config = ConfigDict(frozen=True)

    address: Address
    block: int = Field(ge=0)


class Deployment(BaseModel):
    """One set of contracts on one chain."""

    model_config = ConfigDict(frozen=True)

    chain_id: int = Field(gt=0)
    genesis_hash: Hash
    contracts: dict[str, DeployedContract]


def load_deployment(path: Path) -> Deployment:
    """Reads a manifest; raises DeploymentError."""
    try:
        return Deployment.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise DeploymentError(f"there is no deployment manifest at {path}") from None
    except OSError as error:
        raise DeploymentError(f"{path} can't be read: {error.strerror}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"]) or "the file"
        raise DeploymentError(f"{path} is no manifest: {where}: {problem['msg']}") from error


def save_deployment(deployment: Deployment, path: Path) -> None:
    """Writes a manifest whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w") as file:
            file.write(deployment.model_dump_json(indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
