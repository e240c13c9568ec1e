"""Asks the API, and turns whatever goes wrong into one line.

Invariant: a token goes to the API's own origin and nowhere else: no redirect is followed, and no
`.netrc` takes its place.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from time import sleep
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from scripts.client.credentials import load_credentials
from scripts.client.errors import ClientError, NotReachable, NotSignedIn, Refused
from scripts.client.settings import ClientSettings

DEFAULT_API = "http://localhost:8000"
TIMEOUT_SECONDS = (10, 300)  # to connect; between two bytes of the answer
ATTEMPTS = 6
LONGEST_WAIT_SECONDS = 60.0
_PROBLEM = "application/problem+json"
_LATER = {429, 502, 503, 504}

Made = TypeVar("Made")


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class Connection:
    """One API, and a token for it."""

    def __init__(self, url: str, token: str = "", hint: str = "") -> None:
        self.url = url
        self.token = token
        self._hint = hint or f"sign in with `dspace login --api {url}`"
        self._http = requests.Session()
        self._http.auth = _Bearer(token)

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """An answer of 2xx; raises NotReachable, NotSignedIn or Refused."""
        options.setdefault("timeout", TIMEOUT_SECONDS)
        try:
            answer = self._http.request(method, self.url + path, allow_redirects=False, **options)
        except requests.RequestException as error:
            raise NotReachable(f"{self.url} can't be reached: {_cause(error)}") from None
        if 200 <= answer.status_code < 300:
            return answer
        with answer:
            raise self._refused(answer)

    def get(self, path: str, /, **query: Any) -> Any:
        """The JSON of a GET."""
        return self.json(self.ask("GET", path, params=query or None))

    def post(self, path: str, body: dict[str, Any], **options: Any) -> Any:
        """The JSON of a POST."""
        return self.json(self.ask("POST", path, json=body, **options))

    def json(self, answer: requests.Response) -> Any:
        """Raises NotReachable for what is no JSON, as of a proxy's own page."""
        try:
            return answer.json()
        except requests.RequestException:
            raise NotReachable(f"{self.url} doesn't answer as the API does") from None

    def signed_in(self) -> Connection:
        """Itself; raises NotSignedIn where there is no token."""
        if not self.token:
            raise NotSignedIn(f"not signed in to {self.url}: {self._hint}")
        return self

    def _refused(self, answer: requests.Response) -> ClientError:
        if not answer.headers.get("Content-Type", "").startswith(_PROBLEM):
            if answer.status_code in _LATER:
                return Refused(answer.status_code, "", f"{self.url} answers {answer.status_code}")
            return NotReachable(f"{self.url} doesn't answer as the API does ({answer.status_code})")
        problem = self.json(answer)
        slug = str(problem.get("type", "")).rsplit("/", 1)[-1]
        if slug == "unauthenticated":
            return NotSignedIn(f"{self.url} doesn't take the token (any more): {self._hint}")
        return Refused(answer.status_code, slug, problem_text(problem), _retry_after(answer))


def problem_text(problem: dict[str, Any]) -> str:
    """`title: detail`, and each field with what is wrong about it."""
    title, detail = str(problem.get("title", "Refused")), str(problem.get("detail", ""))
    text = f"{title}: {detail}" if detail and detail != title else title
    fields = [
        f"{error.get('field')}: {error.get('message')}" for error in problem.get("errors") or []
    ]
    return " ".join([text, f"({'; '.join(fields)})"] if fields else [text])


def retrying(action: Callable[[], Made], said: Callable[[str], None] = lambda _: None) -> Made:
    """Does it again, after longer and longer waits, while the fault may pass by itself."""
    for attempt in range(1, ATTEMPTS):
        try:
            return action()
        except (NotReachable, Refused) as error:
            wait = min(LONGEST_WAIT_SECONDS, 0.2 * 2**attempt) * random.uniform(0.5, 1)  # noqa: S311
            if isinstance(error, Refused):
                if error.status not in _LATER:
                    raise
                wait = max(wait, min(error.retry_after or 0, LONGEST_WAIT_SECONDS))
            said(f"{error}; trying again")
            sleep(wait)
    return action()


def open_connection(api: str = "") -> Connection:
    """To the API that the option, the environment or the last login names, with its token."""
    settings = ClientSettings()
    kept = load_credentials()
    url = check_url(api or settings.api or kept.current or DEFAULT_API)
    if token := settings.token.get_secret_value():
        return Connection(url, token, "DSPACE_TOKEN has expired, or is another API's")
    return Connection(url, kept.token(url))


def check_url(url: str) -> str:
    """An origin, without a slash at its end."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.username:
        raise ClientError(f"{url} is no address of an API: it starts with http:// or https://")
    return url.rstrip("/")


def _retry_after(answer: requests.Response) -> float | None:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None


def _cause(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "it takes too long"
    text = str(error)
    for sign, cause in (
        ("Connection refused", "nothing listens there"),
        ("Name or service not known", "there is no such host"),
        ("Temporary failure in name resolution", "the name can't be looked up"),
        ("CERTIFICATE_VERIFY_FAILED", "its certificate can't be verified"),
    ):
        if sign in text:
            return cause
    return "the connection was cut"
