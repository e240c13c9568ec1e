"""The names of the kinds of jobs, for those who enqueue them."""

from __future__ import annotations

DEPLOY = "deploy"  # {"deployment_id"}
PIN = "pin"  # {"pin_id"}
