"""What ends a command, each told in one line.

ClientError
├── NotReachable    no answer, or none that is the API's (retryable)
├── NotSignedIn     no token, or one that is no longer taken
├── Refused         the API answered with a problem document
└── FileChanged     a file isn't what it was when it was read
"""

from __future__ import annotations


class ClientError(Exception):
    """The root; its text is one readable line."""


class NotReachable(ClientError):
    """No answer, or none that is the API's."""


class NotSignedIn(ClientError):
    """There is no token, or it isn't taken."""


class FileChanged(ClientError):
    """What was read is no longer what lies there."""


class Refused(ClientError):
    """A problem document; `slug` says which."""

    def __init__(self, status: int, slug: str, text: str, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.slug = slug
        self.retry_after = retry_after  # seconds
