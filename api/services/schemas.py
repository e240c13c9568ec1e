"""What comes out of tiers, plans and services."""

from __future__ import annotations

from typing import Literal

from api.http.schemas import Amount, AsOf, Model, Moment, Number

State = Literal["active", "paused", "lapsed", "expired", "suspended", "stopped"]
Kind = Literal["static_site", "storage", "function_site"]


class Tier(Model):
    """What an account can subscribe to."""

    id: int
    name: str
    rate: Amount  # nano credit a second
    discount_basis_points: int  # off the price of paid services
    services: int  # at once
    storage_bytes: Number
    traffic_bytes_per_month: Number
    offered: bool


class Tiers(Model):
    """All tiers by number."""

    items: list[Tier]
    as_of: AsOf


class Plan(Model):
    """What a service can be started on."""

    id: int
    name: str
    kind: Kind
    rate: Amount  # nano credit a second
    free_period_seconds: int  # how long a free service runs until it is renewed; 0 on paid plans
    offered: bool


class Plans(Model):
    """All plans by number."""

    items: list[Plan]
    as_of: AsOf


class ServiceOut(Model):
    """A service, with the state that it amounts to now."""

    id: Number
    plan: int
    kind: Kind | None
    owner: str
    state: State
    rate: Amount  # nano credit a second that it streams while active
    list_rate: Amount  # the same before the discount
    discount_basis_points: int
    expires_at: Moment | None  # of free services
    started_at: Moment
    started_by: str  # the hash of the transaction
    reference: str  # 32 bytes of its owner's own
    reason: str | None  # why it was suspended
    changed_at: Moment
    changed_by: str  # the hash of the transaction of its last event


class ServiceWithAsOf(ServiceOut):
    """A service by itself."""

    as_of: AsOf


class Services(Model):
    """By number."""

    items: list[ServiceOut]
    next_cursor: str | None
    as_of: AsOf
