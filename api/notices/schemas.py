"""What goes out of notices."""

from __future__ import annotations

from typing import Any

from api.http.schemas import Model, Moment
from api.notices.models import Notice, NoticeKind

_RUNWAY = "Your credit is used up at {depletes_at}: top up, or what you pay for pauses then."
_ENDS = "What you pay for ends for good at {ends_at} unless you top up before."
_TEXTS = {
    NoticeKind.RUNWAY_7D: _RUNWAY,
    NoticeKind.RUNWAY_1D: _RUNWAY,
    NoticeKind.RUNWAY_1H: _RUNWAY,
    NoticeKind.LAPSED: (
        "Your credit was used up at {depleted_at}. What you pay for is paused, nothing is deleted; "
        "it goes on as soon as you top up, and ends for good at {ends_at}."
    ),
    NoticeKind.ENDS_7D: _ENDS,
    NoticeKind.ENDS_1D: _ENDS,
    NoticeKind.ENDED: (
        "Service {subject} is {state}. Its content is kept until {removal_at} and removed then; "
        "take it with you, or move it to another service, before."
    ),
    NoticeKind.REMOVAL_1D: "The content of service {subject} is removed at {removal_at}.",
    NoticeKind.REMOVED: "The content of service {subject} was removed.",
}


class NoticeOut(Model):
    """One thing that the account was told."""

    id: str
    kind: NoticeKind
    subject: str  # `account`, or a service's number
    text: str
    details: dict[str, Any]
    at: Moment
    over_at: Moment | None  # since when it no longer holds


class Notices(Model):
    """Newest first."""

    items: list[NoticeOut]
    next_cursor: str | None


def notice_out(notice: Notice) -> NoticeOut:
    """A row as it is shown."""
    kind = NoticeKind(notice.kind)
    return NoticeOut(
        id=str(notice.id),
        kind=kind,
        subject=notice.subject,
        text=_TEXTS[kind].format(subject=notice.subject, **notice.details),
        details=notice.details,
        at=notice.at,
        over_at=notice.over_at,
    )
