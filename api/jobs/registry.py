"""Every kind of job that there is; a house test holds it against what is enqueued."""

from __future__ import annotations

from collections.abc import Mapping

from api.deployments.jobs import deploy, deploy_failed
from api.jobs.kinds import DEPLOY, PIN
from api.jobs.work import Work
from api.pins.jobs import pin, pin_failed

WORKS: Mapping[str, Work] = {
    DEPLOY: Work(run=deploy, failed=deploy_failed),
    PIN: Work(run=pin, failed=pin_failed),
}
