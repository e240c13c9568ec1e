"""`dspace api`: the application on granian, one process with several threads.

Invariant: the process that listens ends with the one that started it.
"""

from __future__ import annotations

import os
import socket

from flask import Flask
from granian.constants import Interfaces
from granian.server import Server

from api.app import create_app
from api.process import exit_with_parent
from api.settings import ApiSettings
from api.starting import CannotStart, or_exit
from indexer.logs import configure_logging
from indexer.manifest import load_deployment

STOP_SECONDS = 4  # what is under way may end; then the worker is killed
BACKPRESSURE = 4  # requests in hand or waiting, for each thread


def run_api(settings: ApiSettings) -> None:
    """Serves until SIGTERM or SIGINT."""
    configure_logging()
    with or_exit("api"):
        load_deployment(settings.manifest)
        _check_port(settings)
    os.environ.update(settings.environment())  # the worker process reads the same settings
    Server(
        "api.server:make_application",
        factory=True,
        interface=Interfaces.WSGI,
        address=settings.api_host,
        port=settings.api_port,
        workers=1,
        blocking_threads=settings.api_threads,
        backpressure=settings.api_threads * BACKPRESSURE,
        workers_kill_timeout=STOP_SECONDS,
        websockets=False,
        log_access=False,
    ).serve()


def make_application() -> Flask:
    """What the worker process serves."""
    exit_with_parent()
    configure_logging()
    return create_app(ApiSettings())  # run_api put them in place


def _check_port(settings: ApiSettings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.api_host, settings.api_port))
        except OSError as error:
            raise CannotStart(
                f"can't listen on {settings.api_host}:{settings.api_port} ({error.strerror}); "
                "set DSPACE_API_PORT to a free port"
            ) from None
