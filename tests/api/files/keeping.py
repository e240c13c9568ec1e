"""What the tests of folders do over and over."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from werkzeug.test import TestResponse

from api.storage.car import read_car
from api.storage.nowhere import Nowhere
from api.storage.unixfs import Cid, DirectoryBuilder, Imported, Profile, import_file
from api.storage.unixfs.profile import UNIXFS_V1_2025
from tests.api.world import Wallet

SERVICE, TIER = 7, 1
CAR = "application/vnd.ipld.car"


class Keeper:
    """An account, and the routes of its folders."""

    def __init__(self, wallet: Wallet) -> None:
        self.wallet = wallet

    @property
    def address(self) -> str:
        return self.wallet.address

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.wallet.get(f"/v1/files{path}", **options)

    def put(self, path: str, data: bytes, **options: Any) -> TestResponse:
        return self.wallet.ask("PUT", f"/v1/files{path}", data=data, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.wallet.ask("DELETE", f"/v1/files{path}", **options)

    def post(self, path: str, body: Mapping[str, Any], **options: Any) -> TestResponse:
        return self.wallet.post(f"/v1/files{path}", json=dict(body), **options)

    def upload(self, files: Mapping[str, bytes], path: str = "/", **options: Any) -> TestResponse:
        parts = [(io.BytesIO(data), name) for name, data in files.items()]
        return self.send({"file": parts}, path, **options)

    def send(self, form: Mapping[str, Any], path: str = "/", **options: Any) -> TestResponse:
        query = {"path": path, **options.pop("query", {})}
        return self.wallet.post("/v1/files", data=dict(form), query_string=query, **options)

    def graft(self, car: bytes, path: str, **query: Any) -> TestResponse:
        return self.wallet.post(
            "/v1/files", data=car, content_type=CAR, query_string={"path": path, **query}
        )

    def head(self) -> dict[str, Any]:
        answer = self.wallet.get("/v1/file-versions?limit=1")
        assert answer.status_code == 200, answer.text
        return dict(answer.json["items"][0])  # type: ignore[index]

    def versions(self) -> list[dict[str, Any]]:
        return list(self.wallet.get("/v1/file-versions?limit=100").json["items"])  # type: ignore[index]

    def restore(self, version: Mapping[str, Any], path: str = "/") -> TestResponse:
        return self.wallet.post(f"/v1/file-versions/{version['id']}/restore", json={"path": path})

    def used(self) -> int:
        return int(self.wallet.get("/v1/account/storage").json["used_bytes"])  # type: ignore[index]

    def names(self, path: str = "/") -> list[str]:
        answer = self.get(f"?path={path}&limit=100")
        assert answer.status_code == 200, answer.text
        return [item["name"] for item in answer.json["items"]]  # type: ignore[index]


class Memory(Nowhere):
    """Blocks in a dictionary."""

    def __init__(self) -> None:
        self.blocks: dict[str, bytes] = {}

    def put(self, cid: str, data: bytes, *, verified: bool = False) -> None:
        self.blocks[cid] = data

    def get(self, cid: str) -> bytes:
        return self.blocks[cid]


def built(
    files: Mapping[str, bytes | None], profile: Profile = UNIXFS_V1_2025
) -> tuple[Imported, Memory]:
    """The directory of some files, None: an empty folder, made by itself."""
    store, builder = Memory(), DirectoryBuilder(profile)
    for path, data in files.items():
        names = path.split("/")
        if data is None:
            builder.add_directory(names)
        else:
            builder.add_file(names, import_file(io.BytesIO(data), store, profile))
    return builder.build(store), store


def unpacked(car: bytes) -> tuple[Cid, dict[Cid, bytes]]:
    """The root and the blocks of a CAR."""
    reader = read_car(io.BytesIO(car))
    (root,) = reader.roots
    return root, dict(reader.blocks)
