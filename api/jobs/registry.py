"""Every kind of job that there is; a house test holds it against what is enqueued."""

from __future__ import annotations

from collections.abc import Mapping

from api.deployments.jobs import deploy, deploy_failed
from api.jobs.kinds import DEPLOY
from api.jobs.work import Work

WORKS: Mapping[str, Work] = {DEPLOY: Work(run=deploy, failed=deploy_failed)}
