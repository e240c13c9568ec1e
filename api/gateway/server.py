"""Runs the gateway's workers until it is told to stop."""

from __future__ import annotations

import socket
import sys
from functools import partial

import structlog
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server import Server

from api.gateway.app import create_app
from api.gateway.settings import GatewaySettings
from indexer.logs import configure_logging

_KILL_AFTER_SECONDS = 3  # a client that reads slowly must not hold a stop up
_BACKLOG = 2_048

log = structlog.get_logger()


def run_gateway(settings: GatewaySettings) -> None:
    """Serves until SIGTERM or SIGINT; exits with one line where the port is taken."""
    configure_logging()
    _check_port(settings)
    server = Server(
        "gateway",  # named for the process list alone; the loader below makes the application
        address=settings.gateway_host,
        port=settings.gateway_port,
        interface=Interfaces.RSGI,
        workers=settings.gateway_workers,
        backlog=_BACKLOG,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
        websockets=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=_KILL_AFTER_SECONDS,
    )
    log.info(
        "gateway_starts",
        host=settings.gateway_host,
        port=settings.gateway_port,
        base_domain=settings.base_domain,
        workers=settings.gateway_workers,
    )
    server.serve(target_loader=partial(create_app, settings), wrap_loader=False)


def _check_port(settings: GatewaySettings) -> None:
    """granian shares its port (SO_REUSEPORT), so it would not notice another server there."""
    family = socket.AF_INET6 if ":" in settings.gateway_host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.gateway_host, settings.gateway_port))
        except OSError as error:
            print(  # noqa: T201  # for the operator, whatever the log's form
                f"gateway: can't listen at {settings.gateway_host}:{settings.gateway_port}: "
                f"{error.strerror}; set DSPACE_GATEWAY_PORT to a free port",
                file=sys.stderr,
            )
            sys.exit(1)
