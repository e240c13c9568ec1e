"""What goes wrong: at the start (DevnetError), or in one call (RpcError).

Codes are those of JSON-RPC 2.0 and geth; messages are geth's where a wallet reads them.
"""

from __future__ import annotations

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SERVER_ERROR = -32000
REVERTED = 3


class DevnetError(Exception):
    """The chain can't start; the message is one line for the operator."""


class RpcError(Exception):
    """An error that is answered to the caller."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def as_json(self) -> dict[str, object]:
        """The `error` member of an answer."""
        error: dict[str, object] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return error


def invalid_params(message: str) -> RpcError:
    """What was sent has another shape than the method takes."""
    return RpcError(INVALID_PARAMS, message)


def rejected(message: str) -> RpcError:
    """What was sent is understood and can't be done."""
    return RpcError(SERVER_ERROR, message)
