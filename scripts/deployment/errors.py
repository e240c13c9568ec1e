"""What ends a deployment."""

from __future__ import annotations


class DeployError(Exception):
    """The chain or the manifest isn't as it must be; the message is one line for the operator."""
