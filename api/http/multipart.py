"""Multipart bodies part by part as they come in, each into a sink of its own.

Werkzeug's decoder finds the parts. Its form parser isn't used here: it opens a file for each part,
and keeps all of them open to the end. Memory is bounded by one read and one part's head.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Protocol

from flask import request
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from api.problems import Problem

_READ_BYTES = 2**18
_HELD_BYTES = 2**20  # a read, and what of a part's head came before it
_LONGEST_BOUNDARY = 200


class Sink(Protocol):
    """Where one part goes."""

    def write(self, data: bytes) -> object:
        """The next bytes."""

    def close(self) -> object:
        """The part is whole."""


# The sink of a part, by its field and its file name, None where it has none.
OpenSink = Callable[[str, str | None], Sink]


def read_parts(open_sink: OpenSink, max_bytes: int, max_parts: int) -> None:
    """Reads the request's body to its end; raises a Problem of 400 or 413, and what sinks raise."""
    boundary = request.mimetype_params.get("boundary", "")
    if not boundary or len(boundary) > _LONGEST_BOUNDARY or not boundary.isascii():
        raise Problem("bad-request", "The multipart body has no boundary.")
    request.max_content_length = max_bytes
    decoder = MultipartDecoder(boundary.encode(), _HELD_BYTES, max_parts=max_parts)
    try:
        _feed(decoder, request.stream, open_sink)
    except ValueError as error:
        raise Problem("bad-request", "The multipart body is malformed or cut off.") from error


def _feed(decoder: MultipartDecoder, stream: IO[bytes], open_sink: OpenSink) -> None:
    sink: Sink | None = None
    while True:
        decoder.receive_data(stream.read(_READ_BYTES) or None)
        while not isinstance(event := decoder.next_event(), NeedData):
            if isinstance(event, Epilogue):
                return
            if isinstance(event, (File, Field)):
                filename = event.filename if isinstance(event, File) else None
                sink = open_sink(event.name or "", filename)
            elif isinstance(event, Data) and sink is not None:
                if event.data:
                    sink.write(event.data)
                if not event.more_data:
                    sink.close()
                    sink = None
