"""The developer's command line against a running API."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from api.storage.ports import BlockStore
from api.storage.unixfs import Dag, parse_cid
from scripts.client import local
from scripts.client.credentials import credentials_path
from scripts.client.remote import Remote
from tests.scripts.client.conftest import Api, files_of, write

SITE = {
    "index.html": b"<h1>hello</h1>",
    "docs/page.html": b"<p>" * 1_000,
    "big.bin": os.urandom(3_000_000),
    "ü mit raum.txt": b"odd",
}


class TestLogin:
    def test_a_key_is_kept_for_the_user_alone(self, api: Api, owner: str) -> None:
        path = credentials_path()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        told = api.run("whoami").output
        assert owner in told
        assert "service 7: storage, active" in told
        assert "storage" in told

    def test_without_one__it_is_told(self, api: Api) -> None:
        assert "run `dspace login`" in api.run("whoami", fails=True).output

    def test_a_logout__forgets_it(self, api: Api, owner: str) -> None:
        api.run("logout")
        assert "run `dspace login`" in api.run("whoami", fails=True).output

    def test_a_token_of_the_environment__comes_first(
        self, api: Api, owner: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DSPACE_TOKEN", "dsk_wrong")
        assert "run `dspace login`" in api.run("whoami", fails=True).output

    def test_a_key_from_a_file_or_the_environment(
        self, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "key"
        path.write_text("11" * 32 + "\n")
        assert (
            "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
            in api.run("login", "--key-file", str(path)).output
        )
        path.write_text("nonsense")
        assert "no private key" in api.run("login", "--key-file", str(path), fails=True).output
        monkeypatch.setenv("DSPACE_WALLET_KEY", "22" * 32)
        assert "signed in" in api.run("login").output

    def test_an_api_that_is_not_there__is_told(self, api: Api) -> None:
        told = api.run("login", "--api", "http://127.0.0.1:1", "--account", "1", fails=True).output
        assert "can't be reached" in told


class TestDeploy:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        made = write(tmp_path / "site", SITE)
        write(made, {".git/config": b"secret", ".DS_Store": b"litter"})
        (made / "link").symlink_to("/etc/passwd")
        return made

    @pytest.mark.usefixtures("owner", "working")
    def test_a_folder_goes_live__and_only_what_changed_is_sent_again(
        self, api: Api, folder: Path
    ) -> None:
        first = api.run("deploy", str(folder), "--site", "hello", "--service", "1", "--json")
        made = json.loads(first.stdout)
        assert made["deployment"]["state"] == "live"
        assert (made["file_count"], made["size_bytes"]) == (4, sum(map(len, SITE.values())))
        assert made["sent_bytes"] > 3_000_000
        assert "link is a link" in first.stderr
        store: BlockStore = api.app.extensions["dspace_store"]
        dag = Dag(store)
        for name, data in SITE.items():
            file = dag.resolve(parse_cid(made["cid"]), name.split("/"))[-1]
            assert b"".join(dag.read(file)) == data  # type: ignore[arg-type]
        again = json.loads(api.run("deploy", str(folder), "--site", "hello", "--json").stdout)
        assert (again["cid"], again["sent_blocks"]) == (made["cid"], 0)
        (folder / "index.html").write_bytes(b"<h1>changed</h1>")
        would = json.loads(
            api.run("deploy", str(folder), "--site", "hello", "--json", "--dry-run").stdout
        )
        assert (would["sent_blocks"], would["deployment"]) == (2, None)
        third = json.loads(api.run("deploy", str(folder), "--site", "hello", "--json").stdout)
        assert third["sent_blocks"] == 2

    @pytest.mark.usefixtures("owner")
    def test_an_upload_that_is_cut_off__is_taken_up_again(
        self, api: Api, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        api.run("sites", "create", "hello", "--service", "1")
        monkeypatch.setattr("scripts.client.deploying._SENT_AT_ONCE", 1_000_000)
        upload, calls = Remote.upload, 0

        def cut(remote: Remote, path: str, body: object, kind: str) -> object:
            nonlocal calls
            calls += 1
            if calls == 3:
                raise KeyboardInterrupt
            return upload(remote, path, body, kind)

        monkeypatch.setattr(Remote, "upload", cut)
        api.run("deploy", str(folder), "--site", "hello", fails=True)
        monkeypatch.setattr(Remote, "upload", upload)
        made = json.loads(
            api.run("deploy", str(folder), "--site", "hello", "--json", "--no-wait").stdout
        )
        assert 0 < made["sent_bytes"] < 2_500_000
        api.work()
        shown = json.loads(api.run("sites", "list", "--json").stdout)
        assert shown[0]["live_deployment"]["cid"] == made["cid"]

    @pytest.mark.usefixtures("owner")
    def test_a_file_that_changes_while_it_is_sent__is_noticed(
        self, api: Api, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        api.run("sites", "create", "hello", "--service", "1")
        read = local.LocalFolder.read

        def changing(self: local.LocalFolder, cid: str) -> bytes:
            (folder / "docs/page.html").write_bytes(b"other")
            return read(self, cid)

        monkeypatch.setattr(local.LocalFolder, "read", changing)
        told = api.run("deploy", str(folder), "--site", "hello", fails=True).output
        assert "page.html has changed" in told

    @pytest.mark.usefixtures("owner")
    def test_what_cannot_be_deployed__is_told_in_a_line(self, api: Api, tmp_path: Path) -> None:
        cases = {
            ("deploy", str(tmp_path / "none"), "--site", "hello"): "Unknown site",
            ("deploy", str(tmp_path), "--site", "x" * 70): "Unknown site",
        }
        for words, told in cases.items():
            assert told in api.run(*words, fails=True).output
        api.run("sites", "create", "hello", "--service", "1")
        empty = tmp_path / "empty"
        empty.mkdir()
        assert (
            "holds no files" in api.run("deploy", str(empty), "--site", "hello", fails=True).output
        )


@pytest.mark.usefixtures("owner")
class TestFiles:
    def test_a_folder__comes_back_as_it_was(self, api: Api, tmp_path: Path) -> None:
        folder = write(tmp_path / "here", SITE)
        api.run("files", "put", str(folder), "/kept/here")
        listed = api.run("files", "ls", "/kept/here").output
        assert "docs/" in listed
        assert "big.bin" in listed
        back = tmp_path / "back"
        assert "4 files" in api.run("files", "get", "/kept/here", str(back)).output
        assert files_of(back) == SITE
        assert api.run("files", "cat", "/kept/here/index.html").stdout_bytes == SITE["index.html"]

    def test_files__are_moved_copied_deleted_and_restored(self, api: Api, tmp_path: Path) -> None:
        path = tmp_path / "a.txt"
        path.write_bytes(b"one")
        api.run("files", "put", str(path), "/d/")
        api.run("files", "cp", "/d/a.txt", "/d/b.txt")
        api.run("files", "mv", "/d/b.txt", "/c.txt")
        api.run("files", "mkdir", "/empty")
        api.run("files", "rm", "/d")
        names = [item["name"] for item in json.loads(api.run("files", "ls", "--json").stdout)]
        assert names == ["c.txt", "empty"]
        first = api.run("files", "versions").stdout.splitlines()[-1].split()[1]
        api.run("files", "restore", first, "--path", "/d")
        names = [item["name"] for item in json.loads(api.run("files", "ls", "--json").stdout)]
        assert names == ["c.txt", "d", "empty"]
        assert "Unknown file" in api.run("files", "rm", "/nope", fails=True).output
