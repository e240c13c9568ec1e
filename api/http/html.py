"""Small readable pages without scripts: a problem type, the documentation, what this is."""

from __future__ import annotations

from html import escape

from flask import Response

# The pages have no script at all, and one style sheet, which is inline.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 0.9em ui-monospace, monospace; }
pre { overflow-x: auto; padding: 0.75rem; background: #8881; border-radius: 6px; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; }
section { border-top: 1px solid #8884; margin-top: 1.5rem; }
.method { font-weight: 700; }
.note { opacity: 0.75; }
"""


def page(title: str, body: str, status: int = 200) -> Response:
    """A page; `body` is HTML whose texts are escaped already."""
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · DecentraSpace</title><style>{_STYLE}</style>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )
    response = Response(html, status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response
