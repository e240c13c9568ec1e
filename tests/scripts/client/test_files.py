"""`dspace files`: to the platform and back, byte for byte, and nothing outside of the target."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from api.storage.car import write_car
from api.storage.carfile import CarFile
from api.storage.unixfs import Cid, DirectoryBuilder, import_file, parse_cid
from api.storage.unixfs.cid import DAG_PB, pack_cid
from api.storage.unixfs.dagpb import Link, encode_node
from api.storage.unixfs.data import Data, Kind, encode_data
from scripts.client import connection, sending
from scripts.client.errors import ClientError, FileChanged
from scripts.client.folder import LocalFile
from scripts.client.unpack import unpack_car
from tests.api.packing import Collected, packed
from tests.scripts.client.conftest import Dspace
from tests.scripts.client.files_double import files_double


@pytest.fixture
def files_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An API with folders, for which this user has a token."""
    server = make_server("127.0.0.1", 0, files_double("secret"), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("DSPACE_API", url)
    monkeypatch.setenv("DSPACE_TOKEN", "secret")
    monkeypatch.setattr(connection, "sleep", lambda _seconds: None)
    yield url
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def files(dspace: Dspace, files_api: str) -> Dspace:
    """The commands, of which each succeeds."""

    def run(*arguments: str | Path) -> object:
        ran = dspace("files", *arguments)
        assert ran.code == 0, ran.err
        return ran

    return run  # type: ignore[return-value]


def content(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def test_a_folder__comes_back_as_it_went(files: Dspace, folder: Path, tmp_path: Path) -> None:
    (folder / "ünï códe & ?#%.txt").write_bytes(b"names")
    (folder / "a" / "none").write_bytes(b"")
    files("put", folder, "/sites/mine")
    files("get", "/sites/mine", tmp_path / "back")
    assert content(tmp_path / "back") == content(folder)


def test_a_file__comes_back_as_it_went(files: Dspace, folder: Path, tmp_path: Path) -> None:
    files("put", folder / "a" / "big.bin", "/big")
    files("get", "/big", tmp_path / "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == (folder / "a" / "big.bin").read_bytes()


def test_several_things__go_into_the_target_by_their_names(files: Dspace, folder: Path) -> None:
    files("put", folder / "index.html", folder / "a", "/into")
    assert [item["name"] for item in files("ls", "/into", "--json").json] == ["a", "index.html"]
    files("put", folder / "index.html", "/other/")
    assert [item["name"] for item in files("ls", "other", "--json").json] == ["index.html"]


def test_a_listing__has_every_page(files: Dspace, folder: Path) -> None:
    for name in "abcde":
        files("put", folder / "index.html", f"/{name}")
    assert [item["name"] for item in files("ls", "--json").json] == list("abcde")
    assert "8 bytes" in files("ls").out


def test_cat__prints_the_bytes(files: Dspace, folder: Path) -> None:
    files("put", folder / "index.html", "/x/index.html")
    assert files("cat", "/x/index.html").out == "<p>hello"


def test_moving_copying_deleting(files: Dspace, dspace: Dspace, folder: Path) -> None:
    files("put", folder / "index.html", "/one")
    files("cp", "/one", "/two")
    files("mv", "/one", "/three/")
    files("mkdir", "/empty")
    assert [item["name"] for item in files("ls", "--json").json] == ["empty", "three", "two"]
    refused = dspace("files", "cp", "/two", "/three/one")
    assert (refused.code, refused.err) == (1, "dspace: Path taken\n")
    files("cp", "/two", "/three/one", "--force")
    files("rm", "/two", "/three")
    assert [item["name"] for item in files("ls", "--json").json] == ["empty"]


def test_an_older_version__comes_back(files: Dspace, folder: Path) -> None:
    files("put", folder / "index.html", "/page")
    (folder / "index.html").write_bytes(b"<p>worse")
    files("put", folder / "index.html", "/page")
    first = files("versions", "--json").json[-1]["id"]
    files("restore", first, "/page")
    assert files("cat", "/page").out == "<p>hello"


def test_what_is_there_locally__is_not_lost(
    files: Dspace, dspace: Dspace, folder: Path, tmp_path: Path
) -> None:
    files("put", folder / "index.html", "/page")
    (tmp_path / "page").write_text("mine")
    ran = dspace("files", "get", "/page", tmp_path)
    assert ran.code == 1
    assert "is there already; --force replaces it" in ran.err
    assert (tmp_path / "page").read_text() == "mine"
    files("get", "/page", tmp_path, "--force")
    assert (tmp_path / "page").read_text() == "<p>hello"


@pytest.mark.parametrize("path", ["/", "../x", "/a/./b", ""])
def test_a_path_that_means_something_else__is_refused(
    dspace: Dspace, files_api: str, path: str
) -> None:
    ran = dspace("files", "rm", path)
    assert ran.code == 1
    assert ran.err.startswith(f"dspace: {path}")


def test_without_a_token__it_says_what_to_do(dspace: Dspace, files_api: str) -> None:
    os.environ.pop("DSPACE_TOKEN")
    assert "not signed in" in dspace("files", "ls").err


def test_a_file_that_changes_while_it_is_sent__is_noticed(folder: Path) -> None:
    path = folder / "a" / "big.bin"
    body = sending.FileBody(LocalFile(str(path), ("big.bin",), path.stat().st_size), lambda _: None)
    pieces = iter(body)
    next(pieces)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    os.utime(path, (1, 1))
    with pytest.raises(FileChanged):
        list(pieces)
    assert body.told_bytes < len(body)


class TestHostileCars:
    """What a server could send in place of a folder."""

    @pytest.fixture
    def target(self, tmp_path: Path) -> Path:
        (tmp_path / "in").mkdir()
        return tmp_path / "in" / "target"

    def unpack(self, root: Cid, blocks: dict[str, bytes], target: Path) -> None:
        body = b"".join(write_car([root], ((parse_cid(cid), b) for cid, b in blocks.items())))
        unpack_car(CarFile(BytesIO(body)), target, lambda _: None)

    @pytest.mark.parametrize(
        "name", ["..", ".", "", "../out", "/etc/passwd", "a/b", "a\\b", "nul\0", "../../x"]
    )
    def test_a_name_that_leaves_the_target__is_refused(self, target: Path, name: str) -> None:
        kept = Collected()
        file = import_file(BytesIO(b"evil"), kept)
        link = Link(pack_cid(file.cid, 1), name.encode(), file.dag_bytes)
        block = encode_node([link], encode_data(Data(Kind.DIRECTORY)))
        root = Cid(DAG_PB, sha256(block).digest())
        with pytest.raises(ClientError, match="can't be written safely"):
            self.unpack(root, kept.blocks | {str(root): block}, target)
        assert list(target.parent.iterdir()) == []
        assert [path.name for path in target.parent.parent.iterdir()] == ["in"]

    def test_a_symbolic_link__is_refused(self, target: Path) -> None:
        block = encode_node([], encode_data(Data(Kind.SYMLINK, data=b"/etc/passwd")))
        root = Cid(DAG_PB, sha256(block).digest())
        with pytest.raises(ClientError, match="no whole file or folder"):
            self.unpack(root, {str(root): block}, target)

    def test_two_entries_of_one_name__are_refused(self, target: Path) -> None:
        kept = Collected()
        file = import_file(BytesIO(b"x"), kept)
        links = [Link(pack_cid(file.cid, 1), b"same", 1)] * 2
        block = encode_node(links, encode_data(Data(Kind.DIRECTORY)))
        root = Cid(DAG_PB, sha256(block).digest())
        with pytest.raises(ClientError, match="File exists"):
            self.unpack(root, kept.blocks | {str(root): block}, target)
        assert not target.exists()

    def test_a_small_car_of_endless_files__is_refused_before_it_fills_the_disk(
        self, target: Path
    ) -> None:
        kept = Collected()
        made = import_file(BytesIO(b"x" * 2**20), kept)
        for _ in range(12):
            builder = DirectoryBuilder()
            for name in "abcdefgh":
                builder.add_file((name,), made)
            made = builder.build(kept)
        with pytest.raises(ClientError, match="don't fit"):
            self.unpack(made.cid, kept.blocks, target)

    def test_a_missing_block__leaves_nothing(self, target: Path) -> None:
        root, blocks = packed({"a": b"a" * 100, "b": b"b" * 100})
        blocks.pop(next(cid for cid in blocks if cid.startswith("bafk")))
        with pytest.raises(ClientError, match="no whole file or folder"):
            self.unpack(root, blocks, target)
        assert list(target.parent.iterdir()) == []
