"""The problem types. Each `type` is `/problems/{slug}`, for ever; docs/problems.md explains them.

Texts are fixed here, so that nothing of the database, the node or the disk reaches a client.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemType:
    """What kind of problem it is; the title never changes between occurrences."""

    slug: str
    status: int
    title: str
    description: str  # what it means and what to do about it, one or two sentences

    @property
    def uri(self) -> str:
        """The problem document's `type`."""
        return f"/problems/{self.slug}"


def _types(*rows: tuple[str, int, str, str]) -> dict[str, ProblemType]:
    return {slug: ProblemType(slug, status, title, text) for slug, status, title, text in rows}


PROBLEMS = _types(
    # ---------------------------------------------------------------- the request itself
    ("bad-request", 400, "Bad request", "The request can't be understood."),
    ("not-found", 404, "Not found", "There is nothing at this address."),
    (
        "method-not-allowed",
        405,
        "Method not allowed",
        "This address doesn't take this method; the Allow header names those that it takes.",
    ),
    (
        "not-acceptable",
        406,
        "Not acceptable",
        "None of the media types of the Accept header can be given.",
    ),
    ("payload-too-large", 413, "Payload too large", "The body is larger than this route takes."),
    (
        "unsupported-media-type",
        415,
        "Unsupported media type",
        "The body's Content-Type is none that this route takes.",
    ),
    (
        "validation-failed",
        422,
        "Validation failed",
        "A field is missing or malformed; `errors` names each with what is wrong about it.",
    ),
    (
        "too-many-requests",
        429,
        "Too many requests",
        "A rate limit was reached; try again after the seconds that Retry-After names.",
    ),
    ("request-refused", 400, "Request refused", "The request was refused by the server."),
    # ---------------------------------------------------------------- who asks
    (
        "unauthenticated",
        401,
        "Not signed in",
        "The route needs a bearer token that is valid: sign in, or use an API key.",
    ),
    (
        "sign-in-failed",
        401,
        "Sign-in failed",
        (
            "The message isn't one that was issued here and is still good, or the signature isn't "
            "its address's. Ask for a new nonce and sign its message as it is."
        ),
    ),
    (
        "session-required",
        403,
        "Session required",
        "An API key can't do this; sign in with the wallet.",
    ),
    (
        "scope-missing",
        403,
        "Scope missing",
        "The API key lacks the scope that this route needs.",
    ),
    (
        "not-your-service",
        403,
        "Not your service",
        "By the mirror of the chain, the service belongs to another account.",
    ),
    (
        "not-your-site",
        403,
        "Not your site",
        "By the mirror of the chain, the service behind this site belongs to another account.",
    ),
    # ---------------------------------------------------------------- services
    (
        "service-not-active",
        402,
        "Service not active",
        (
            "The service is paused, lapsed, expired, suspended or stopped: resume it, renew it or "
            "buy credit on the chain."
        ),
    ),
    (
        "storage-not-active",
        402,
        "No active storage service",
        (
            "Folders and pins need an active storage service of the account's: start one on the "
            "chain, resume it, or buy credit."
        ),
    ),
    (
        "allowance-exceeded",
        402,
        "Allowance exceeded",
        (
            "The account's tier lets it keep less than that: delete something, or take a larger "
            "tier on the chain."
        ),
    ),
    (
        "unknown-service",
        404,
        "Unknown service",
        (
            "The mirror knows no service of this number. One that was started a moment ago appears "
            "with its block."
        ),
    ),
    # ---------------------------------------------------------------- sites and deployments
    ("unknown-site", 404, "Unknown site", "There is no site of this name."),
    ("unknown-deployment", 404, "Unknown deployment", "The site has no deployment of this id."),
    ("site-name-taken", 409, "Site name taken", "Another site has this name."),
    (
        "service-in-use",
        409,
        "Service in use",
        "The service already carries a site; one service carries one site.",
    ),
    (
        "service-hosts-no-site",
        409,
        "Service hosts no site",
        "The service's plan is not one for sites.",
    ),
    (
        "deployment-not-publishable",
        409,
        "Deployment not publishable",
        "Only a deployment that is stored can be published: one that is live or superseded.",
    ),
    (
        "archive-rejected",
        422,
        "Archive rejected",
        "The archive can't be unpacked safely; `entry` names the member at fault, if it is one.",
    ),
    (
        "content-not-held",
        422,
        "Content not held",
        "The store doesn't hold a complete directory of this CID.",
    ),
    # ---------------------------------------------------------------- files and folders
    (
        "path-taken",
        409,
        "Path taken",
        (
            "Something else stands at this path; ask to overwrite it, where the route can, "
            "or take another path."
        ),
    ),
    (
        "folder-into-itself",
        409,
        "Folder into itself",
        "A folder can't be moved or copied into itself, nor onto itself.",
    ),
    (
        "length-required",
        411,
        "Length required",
        (
            "Send the body's Content-Length: a body of unknown length that breaks off looks like "
            "a whole one."
        ),
    ),
    (
        "precondition-failed",
        412,
        "Precondition failed",
        (
            "What stands there isn't what If-Match or If-None-Match said; `cid` and the ETag "
            "name what does."
        ),
    ),
    (
        "range-not-satisfiable",
        416,
        "Range not satisfiable",
        "No byte of the range exists; Content-Range tells the length.",
    ),
    ("unknown-path", 404, "Unknown path", "There is no file or folder at this path."),
    (
        "unknown-version",
        404,
        "Unknown version",
        "The account's tree has no version of this id, or it is no longer kept.",
    ),
    (
        "unknown-content",
        404,
        "Unknown content",
        "No version of the account's tree that is kept holds this CID.",
    ),
    (
        "path-rejected",
        422,
        "Path rejected",
        "A path or a file's name can't be kept; `entry` names it.",
    ),
    (
        "car-rejected",
        422,
        "CAR rejected",
        (
            "The CAR is malformed, not whole, or its blocks aren't what they say; `entry` "
            "names the block at fault, if it is one."
        ),
    ),
    # ---------------------------------------------------------------- keys and repeats
    (
        "too-many-keys",
        409,
        "Too many API keys",
        "The account has as many API keys as it can have; delete one first.",
    ),
    ("unknown-key", 404, "Unknown API key", "The account has no API key of this id."),
    (
        "idempotency-key-reused",
        422,
        "Idempotency key reused",
        "This Idempotency-Key was used with another request; take a new key.",
    ),
    (
        "request-in-progress",
        409,
        "Request in progress",
        "A request of the same Idempotency-Key is still being worked on; try again later.",
    ),
    # ---------------------------------------------------------------- the platform's own
    (
        "internal-error",
        500,
        "Internal error",
        "Something went wrong on our side; the X-Request-ID names it in our log.",
    ),
    (
        "busy",
        503,
        "Busy",
        "The server has more to do than it can do now; try again in a moment.",
    ),
    (
        "mirror-not-ready",
        503,
        "Mirror not ready",
        "The mirror of the chain isn't there yet; try again in a moment.",
    ),
    ("not-ready", 503, "Not ready", "A part that this process needs isn't there; `checks` tells."),
    (
        "storage-full",
        507,
        "Storage full",
        "There is no room for this upload now; nothing of it was kept.",
    ),
)
