"""The routes of the account's folders as the commands use them, in memory, over real HTTP.

It stands in for the API until both are in one tree; `files_api` in the tests is the one place that
says which of the two is asked.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Flask, Response, request

from api.storage.car import MEDIA_TYPE, write_car
from api.storage.unixfs import Cid, DirectoryBuilder, Imported, import_file, parse_cid
from tests.api.packing import Collected

Tree = dict[str, bytes | None]  # by path; None is a folder


def files_double(token: str) -> Flask:
    """An application of one account, whose tree starts empty."""
    app = Flask(__name__)
    app.tree = tree = {"": None}  # type: ignore[attr-defined]
    versions: list[Tree] = []

    def problem(status: int, slug: str, title: str) -> Response:
        body = {"type": f"/problems/{slug}", "title": title, "status": status, "detail": title}
        made = app.json.response(body)
        made.status_code, made.content_type = status, "application/problem+json"
        return made

    def changed() -> None:
        versions.append(dict(tree))

    def put(path: str, data: bytes | None) -> None:
        names = path.split("/")
        for depth in range(1, len(names)):
            tree.setdefault("/".join(names[:depth]), None)
        tree[path] = data

    def below(path: str) -> list[str]:
        return [each for each in tree if each == path or each.startswith(f"{path}/")]

    def build(path: str) -> tuple[Imported, dict[str, bytes]]:
        kept = Collected()
        if tree[path] is not None:
            return import_file(BytesIO(tree[path] or b""), kept), kept.blocks
        builder = DirectoryBuilder()
        for each in below(path) if path else [each for each in tree if each]:
            parts = each.removeprefix(path).strip("/").split("/")
            if parts != [""] and tree[each] is None:
                builder.add_directory(parts)
            elif parts != [""]:
                builder.add_file(parts, import_file(BytesIO(tree[each] or b""), kept))
        return builder.build(kept), kept.blocks

    @app.before_request
    def check() -> Response | None:
        if request.headers.get("Authorization") != f"Bearer {token}":
            return problem(401, "unauthenticated", "Not signed in")
        return None

    @app.get("/v1/files")
    def listing() -> Any:
        path = request.args.get("path", "/").strip("/")
        if tree.get(path, b"") is not None:
            return problem(404, "unknown-path", "Unknown path")
        names = sorted(
            {each.removeprefix(path).strip("/").split("/")[0] for each in tree if each}
            if not path
            else {each[len(path) + 1 :].split("/")[0] for each in below(path) if each != path}
        )
        at = int(request.args.get("cursor", 0))
        items = []
        for name in names[at : at + 2]:
            whole = f"{path}/{name}".strip("/")
            made, _ = build(whole)
            kind = "directory" if tree[whole] is None else "file"
            item = {"name": name, "path": f"/{whole}", "kind": kind, "cid": str(made.cid)}
            items.append(item | {"size": made.size_bytes})
        more = str(at + 2) if at + 2 < len(names) else None
        return {"path": f"/{path}", "cid": "", "version": "", "items": items, "next_cursor": more}

    @app.post("/v1/files")
    def upload() -> Any:
        path = request.args.get("path", "/").strip("/")
        for file in request.files.getlist("file"):
            put(f"{path}/{file.filename}".strip("/"), file.read())
        changed()
        return {}, 201

    @app.put("/v1/files/<path:path>")
    def replace(path: str) -> Any:
        put(path, request.get_data())
        changed()
        return {"path": f"/{path}"}

    @app.get("/v1/files/<path:path>")
    def read(path: str) -> Any:
        if path not in tree:
            return problem(404, "unknown-path", "Unknown path")
        if request.args.get("format") != "car":
            return Response(tree[path], mimetype="application/octet-stream")
        made, blocks = build(path)
        return Response(car_of(made.cid, blocks), mimetype=MEDIA_TYPE)

    @app.delete("/v1/files/<path:path>")
    def remove(path: str) -> Any:
        if path not in tree:
            return problem(404, "unknown-path", "Unknown path")
        for each in below(path):
            del tree[each]
        changed()
        return "", 204

    @app.post("/v1/files/<any(move, copy):verb>")
    def move(verb: str) -> Any:
        source, target = request.json["from"].strip("/"), request.json["to"].strip("/")
        if target in tree and not request.json["overwrite"]:
            return problem(409, "path-taken", "Path taken")
        for each in below(source):
            data = tree[each]
            if verb == "move":
                del tree[each]
            put(target + each.removeprefix(source), data)
        changed()
        return {}

    @app.post("/v1/files/folders")
    def folder() -> Any:
        path = request.json["path"].strip("/")
        if path in tree:
            return problem(409, "path-taken", "Path taken")
        put(path, None)
        changed()
        return {}, 201

    @app.get("/v1/file-versions")
    def list_versions() -> Any:
        items = [
            {"id": str(number), "created_at": "2026-01-01T00:00:00Z", "cid": "bafy"}
            for number in range(len(versions), 0, -1)
        ]
        return {"items": items, "next_cursor": None}

    @app.post("/v1/file-versions/<int:number>/restore")
    def restore(number: int) -> Any:
        kept = versions[number - 1]
        path = (request.json.get("path") or "").strip("/")
        for each in [each for each in kept if not path or each == path]:
            tree[each] = kept[each]
        if not path:
            for each in set(tree) - set(kept):
                del tree[each]
        changed()
        return {}

    return app


def car_of(root: Cid, blocks: dict[str, bytes]) -> bytes:
    return b"".join(write_car([root], ((parse_cid(cid), data) for cid, data in blocks.items())))
