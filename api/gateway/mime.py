"""Content types by file name; by the first bytes where a name says nothing.

The table is Python's own without the machine's files, so that every machine answers the same,
with what the web has gained since. Text is said to be UTF-8.
"""

from __future__ import annotations

from mimetypes import MimeTypes

OCTETS = "application/octet-stream"
HTML = "text/html; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"
_SNIFFED_BYTES = 512

_NEWER = {
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".br": "application/x-brotli",
    ".car": "application/vnd.ipld.car",
    ".cjs": "text/javascript",
    ".eot": "application/vnd.ms-fontobject",
    ".flac": "audio/flac",
    ".geojson": "application/geo+json",
    ".glb": "model/gltf-binary",
    ".gltf": "model/gltf+json",
    ".gz": "application/gzip",
    ".heic": "image/heic",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".json5": "application/json5",
    ".jsonld": "application/ld+json",
    ".jxl": "image/jxl",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4a": "audio/mp4",
    ".m4v": "video/mp4",
    ".map": "application/json",
    ".markdown": "text/markdown",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".mkv": "video/x-matroska",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".ogv": "video/ogg",
    ".opus": "audio/ogg",
    ".otf": "font/otf",
    ".parquet": "application/vnd.apache.parquet",
    ".rss": "application/rss+xml",
    ".atom": "application/atom+xml",
    ".scss": "text/x-scss",
    ".toml": "application/toml",
    ".ttf": "font/ttf",
    ".ts": "text/plain",
    ".usdz": "model/vnd.usdz+zip",
    ".wasm": "application/wasm",
    ".weba": "audio/webm",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xhtml": "application/xhtml+xml",
    ".xz": "application/x-xz",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".zst": "application/zstd",
}

_MAGICS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"\0asm", "application/wasm"),
    (b"OggS", "audio/ogg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
_HTML_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body")

_table = MimeTypes(filenames=())
_table.encodings_map.clear()  # `a.tar.gz` is a gzip file, not a tar in transit
for _extension, _type in _NEWER.items():
    _table.add_type(_type, _extension)


def content_type(name: str, start: bytes) -> str:
    """The Content-Type of a file of this name that starts with these bytes."""
    return type_of_name(name) or _sniff(start[:_SNIFFED_BYTES])


def type_of_name(name: str) -> str | None:
    """What a name alone says; None where it says nothing."""
    guessed = _table.guess_type("x/" + name.lower())[0] if "." in name else None
    if guessed is None:
        return None
    return f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed


def _sniff(start: bytes) -> str:
    for magic, kind in _MAGICS:
        if start.startswith(magic):
            return kind
    if start.lstrip()[:20].lower().startswith(_HTML_STARTS):
        return HTML
    if b"\0" in start:
        return OCTETS
    try:
        start.decode()
    except UnicodeDecodeError as error:
        if error.start < len(start) - 3:  # else a letter that the cut took in the middle
            return OCTETS
    return _TEXT
