"""The application factory: one Flask application over one database and one data folder."""

from __future__ import annotations

from threading import BoundedSemaphore

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import api.tables  # noqa: F401  # the models, before the first mapper is used
from api.accounts.routes import blueprint as accounts
from api.auth.routes import blueprint as auth
from api.db import db, engine_options, prepare_engine
from api.deployments.routes import blueprint as deployments
from api.deployments.uploads import SpoolingRequest
from api.files.routes import blueprint as files
from api.health.metrics import Metrics
from api.health.routes import blueprint as health
from api.http.headers import init_headers
from api.http.limits import init_limits
from api.http.receive import MAX_JSON_BYTES
from api.network.routes import blueprint as network
from api.network.service import DigestCache
from api.openapi.routes import blueprint as openapi
from api.problems.handlers import init_problems
from api.problems.routes import blueprint as problems
from api.services.routes import blueprint as services
from api.settings import ApiSettings
from api.sites.routes import blueprint as sites
from api.storage.unixfs import Dag
from api.wiring import open_queue, open_store
from indexer.database import normalised
from indexer.manifest import load_deployment

BLUEPRINTS = (
    health,
    openapi,
    problems,
    auth,
    network,
    accounts,
    services,
    sites,
    deployments,
    files,
)


class ApiFlask(Flask):
    """Flask with uploads that go to the spool."""

    request_class = SpoolingRequest


def create_app(settings: ApiSettings) -> Flask:
    """The application; raises DeploymentError where the manifest can't be read."""
    app = ApiFlask(__name__, static_folder=None)
    app.config["DSPACE"] = settings
    app.config["DEPLOYMENT"] = load_deployment(settings.manifest)
    app.config["MAX_CONTENT_LENGTH"] = MAX_JSON_BYTES
    app.url_map.strict_slashes = False
    _init_database(app, settings)
    store = app.extensions["dspace_store"] = open_store(settings)
    app.extensions["dspace_dag"] = Dag(store)
    app.extensions["dspace_queue"] = open_queue(settings)
    app.extensions["dspace_digests"] = DigestCache()
    app.extensions["dspace_streams"] = BoundedSemaphore(max(1, settings.api_threads // 4))
    init_headers(app)
    init_problems(app)
    init_limits(app, settings)
    app.extensions["dspace_metrics"] = Metrics(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]
    return app


def _init_database(app: Flask, settings: ApiSettings) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = normalised(settings.database_url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(
        settings.database_url, settings.api_threads
    )
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
