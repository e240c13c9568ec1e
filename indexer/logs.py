"""Structured logs on stderr: JSON lines for machines, readable ones on a terminal.

Invariant: no line holds a secret of a URL. Whatever the field, a URL is cut after its host, which
leaves out passwords of databases and keys of node providers alike.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Literal

import structlog
from pydantic import field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_URL = re.compile(r"""([a-z][a-z0-9+.-]*://)(?:[^\s/?#'"]*@)?([^\s/?#'"@]*)([^\s'"]*)""", re.I)


class LogSettings(BaseSettings):
    """How every process logs; see docs/settings.md."""

    model_config = SettingsConfigDict(env_prefix="DSPACE_", env_file=".env", extra="ignore")

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "console"] = "auto"  # auto: console on a terminal

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _lower_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value


class _Stderr:
    """The lines' way to stderr, which a progress bar may share for a while."""

    def __init__(self) -> None:
        self.above_bar: Callable[[str], None] | None = None

    def write(self, line: str) -> None:
        if self.above_bar is not None:
            self.above_bar(line)
        else:
            sys.stderr.write(line)

    def flush(self) -> None:
        sys.stderr.flush()


log_lines = _Stderr()


def configure_logging() -> None:
    """To be called once by an entry point; raises ValidationError for a bad setting."""
    settings = LogSettings()
    readable = settings.log_format == "console" or (
        settings.log_format == "auto" and sys.stderr.isatty()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            without_secrets,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
            if readable
            else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            getattr(logging, settings.log_level.upper())
        ),
        logger_factory=structlog.WriteLoggerFactory(log_lines),  # type: ignore[arg-type]
        # Not cached: a logger that was would keep what was configured before it was used.
        cache_logger_on_first_use=False,
    )


@contextmanager
def lines_above(print_line: Callable[[str], None]) -> Iterator[None]:
    """Hands every line to `print_line` meanwhile: whoever draws at stderr's end prints it above."""
    log_lines.above_bar = print_line
    try:
        yield
    finally:
        log_lines.above_bar = None


def without_secrets(
    _logger: Any, _level: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A structlog processor: cuts each URL in a text after its host."""
    for name, value in fields.items():
        if isinstance(value, str) and "://" in value:
            fields[name] = _URL.sub(_cut, value)
    return fields


def _cut(url: re.Match[str]) -> str:
    scheme, host, rest = url.groups()
    return f"{scheme}{host}{'/…' if rest.strip('/') else rest}"
