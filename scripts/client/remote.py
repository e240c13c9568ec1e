"""The API as the commands see it: JSON in and out, problems as one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import requests

_SECONDS = (10, 600)  # to connect; between two bytes of an answer
_TRIES = 3


class ClientError(Exception):
    """What ends a command, in one line for its user."""


class Remote:
    """One API, with a token or without."""

    def __init__(self, api_url: str, token: str | None = None) -> None:
        self.api_url = api_url.rstrip("/")
        self.http = requests.Session()
        if token:
            self.http.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """The answer's JSON, None where it has no body; raises ClientError."""
        with self.open(method, path, **options) as answer:
            return answer.json() if answer.content else None

    def open(self, method: str, path: str, **options: Any) -> requests.Response:
        """An answer that is no error; raises ClientError."""
        options.setdefault("timeout", _SECONDS)
        try:
            answer = self.http.request(method, f"{self.api_url}{path}", **options)
        except requests.ConnectionError:
            raise ClientError(f"{self.api_url} can't be reached") from None
        except requests.RequestException as error:
            raise ClientError(f"{self.api_url}: {type(error).__name__}") from None
        if answer.status_code >= 400:
            raise ClientError(_told(answer))
        return answer

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> Iterable[dict[str, Any]]:
        """The items of a list, page by page."""
        cursor: str | None = None
        while True:
            query = dict(params or {}) | ({"cursor": cursor} if cursor else {})
            page = self.ask("GET", path, params=query)
            yield from page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return

    def upload(self, path: str, make_body: Any, media_type: str) -> Any:
        """Posts a body that is made anew for each try, of which a cut connection gets three."""
        for left in reversed(range(_TRIES)):
            try:
                answer = self.http.post(
                    f"{self.api_url}{path}",
                    data=make_body(),
                    headers={"Content-Type": media_type},
                    timeout=_SECONDS,
                )
            except requests.RequestException:
                if not left:
                    raise ClientError(f"{self.api_url}: the upload was cut off") from None
                continue
            if answer.status_code >= 400:
                raise ClientError(_told(answer))
            return answer.json()
        raise AssertionError("unreachable")


def _told(answer: requests.Response) -> str:
    if answer.status_code == 401:
        return "not signed in, or no longer: run `dspace login`"
    try:
        problem = answer.json()
        told = f"{problem['title']}: {problem['detail']}"
    except (requests.JSONDecodeError, KeyError, TypeError):
        return f"the API answered {answer.status_code}"
    fields = "; ".join(
        f"{error['field'] or 'body'}: {error['message']}" for error in problem.get("errors", ())
    )
    return f"{told} {fields}".strip()
