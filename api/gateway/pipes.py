"""Sends a long body at the pace of its client.

granian's RSGI streams take whatever they are given (2.8.5: a client that read nothing let 192 MiB
pile up in the worker within a second), while a file is read as fast as the client reads. So a long
body goes through a named pipe that granian opens as a file: what the client doesn't take stays
here, one block of it. A body that ends early ends the connection, since its length was promised.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from granian.rsgi import HTTPProtocol

_OPEN_SECONDS = 10.0  # granian opens the pipe at once; a client that left meanwhile never does
_POLL_SECONDS = 0.001
_PIPE_BYTES = 2**18


async def send_through_pipe(
    proto: HTTPProtocol,
    status: int,
    headers: list[tuple[str, str]],
    blocks: AsyncIterator[bytes],
) -> None:
    """Sends all blocks, or as many as come before an exception, which is passed on."""
    path = Path(tempfile.gettempdir(), f"dspace-{uuid.uuid4().hex}")
    os.mkfifo(path, 0o600)
    try:
        proto.response_file(status, headers, str(path))
        pipe = await _open_writer(path)
    finally:
        path.unlink(missing_ok=True)
    if pipe is None:
        return
    try:
        with suppress(BrokenPipeError):  # the client left
            async for block in blocks:
                await _write_all(pipe, block)
    finally:
        os.close(pipe)


async def _open_writer(path: Path) -> int | None:
    """None where no one reads."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _OPEN_SECONDS
    while loop.time() < deadline:
        try:
            pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:  # no reader yet
                raise
            await asyncio.sleep(_POLL_SECONDS)
        else:
            with suppress(OSError, AttributeError):  # a matter of speed, on Linux
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            return pipe
    return None


async def _write_all(pipe: int, block: bytes) -> None:
    rest = memoryview(block)
    while rest:
        try:
            rest = rest[os.write(pipe, rest) :]
        except BlockingIOError:
            await _writable(pipe)


async def _writable(pipe: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_writer(pipe, ready.set_result, None)
    try:
        await ready
    finally:
        loop.remove_writer(pipe)
