"""`dspace deploy`: from a folder to a live site, with nothing sent twice."""

from __future__ import annotations

import os
import time
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask

from api.settings import ApiSettings
from api.storage.unixfs import Dag, DirectoryBuilder, File, import_file, parse_cid
from scripts.client import connection, upload
from scripts.client.credentials import load_credentials
from scripts.client.errors import ClientError, FileChanged
from scripts.client.folder import look_through
from scripts.client.hashing import hash_folder
from scripts.client.publishing import Publishing
from scripts.client.show import plain
from tests.api.world import Mirror
from tests.scripts.client.conftest import OWNER, Dspace, Ran
from tests.support.cutting import CuttingProxy


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between attempts, which the tests needn't sit out."""
    waits: list[float] = []
    monkeypatch.setattr(connection, "sleep", waits.append)
    return waits


@pytest.fixture
def site(signed_in: Dspace, worker: None) -> Dspace:
    assert signed_in("sites", "create", "hello", "--service", "1").code == 0
    return signed_in


def deployed(dspace: Dspace, folder: Path, *options: str) -> Ran:
    ran = dspace("deploy", folder, "--json", *options)
    assert ran.code == 0, ran.err
    return ran


def content(app: Flask, cid: str, *path: str) -> bytes:
    dag = Dag(app.extensions["dspace_store"])
    file = dag.resolve(parse_cid(cid), path)[-1]
    assert isinstance(file, File)
    return b"".join(dag.read(file))


def test_a_folder__goes_live(site: Dspace, app: Flask, folder: Path) -> None:
    ran = site("deploy", folder)
    assert ran.code == 0, ran.err
    told = ran.out.splitlines()
    assert told[0] == "sent      9 blocks, 2.4 MiB; the server had 0, 0 bytes"
    assert told[2].startswith("preview   http://")
    assert told[3] == "live      http://hello.localhost:8080/"
    assert "asked for bafybei" in ran.err  # the log, as it grew
    assert ran.err.splitlines()[-1] == "live"
    cid = told[1].split()[1]
    for name in ("index.html", "a/b.txt", "a/big.bin"):
        assert content(app, cid, *name.split("/")) == (folder / name).read_bytes()
    assert list(Dag(app.extensions["dspace_store"]).resolve(parse_cid(cid), ["empty"]))


def test_the_cid__is_that_of_any_other_importer(site: Dspace, folder: Path) -> None:
    store = upload.LocalBlocks()
    builder = DirectoryBuilder()
    builder.add_directory(("empty",))
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        file = import_file(BytesIO(path.read_bytes()), store)
        builder.add_file(path.relative_to(folder).parts, file)
    root = builder.build(store).cid
    assert deployed(site, folder).json["cid"] == str(root)


def test_an_unchanged_folder__sends_nothing(site: Dspace, folder: Path) -> None:
    first = deployed(site, folder).json
    again = deployed(site, folder).json
    assert again["cid"] == first["cid"]
    assert again["sent"] == {"blocks": 0, "bytes": 0}
    assert again["skipped"] == first["sent"]
    assert again["deployment"]["state"] == "live"
    assert again["deployment"]["number"] == 2


def test_a_changed_file__is_all_that_is_sent(site: Dspace, folder: Path) -> None:
    deployed(site, folder)
    (folder / "index.html").write_bytes(b"<p>changed")
    again = deployed(site, folder).json
    assert again["sent"]["blocks"] == 2  # the file, and the folder that it lies in
    assert again["sent"]["bytes"] < 1_000


def test_a_site__is_created_on_the_way(signed_in: Dspace, worker: None, folder: Path) -> None:
    ran = signed_in("deploy", folder, "--site", "fresh")
    assert ran.code == 1
    assert "there is no site fresh: add --service ID" in ran.err
    made = deployed(signed_in, folder, "--site", "fresh", "--service", "1").json
    assert made["url"] == "http://fresh.localhost:8080/"
    assert "fresh" in signed_in("sites").out


def test_of_several_sites__one_must_be_named(site: Dspace, mirror: Mirror, folder: Path) -> None:
    mirror.service(2, OWNER.address)
    site("sites", "create", "second", "--service", "2")
    ran = site("deploy", folder)
    assert ran.code == 1
    assert ran.err == "dspace: which site? name it with --site: one of hello, second\n"
    assert site("sites", "delete", "second", "--yes").code == 0
    assert site("deploy", folder).code == 0


def test_without_waiting__it_is_only_queued(site: Dspace, folder: Path) -> None:
    made = deployed(site, folder, "--no-wait").json
    assert made["deployment"]["state"] == "queued"


def test_a_deployment_that_fails__ends_with_1(
    signed_in: Dspace, app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.jobs.runner import Runner
    from scripts.client import publishing

    signed_in("sites", "create", "hello", "--service", "1")
    made = publishing.create_deployment

    def lose_a_block(*arguments: object) -> object:
        created = made(*arguments)  # type: ignore[arg-type]
        store = app.extensions["dspace_store"]
        store.remove_older(list(store.cids()), put_before=2**40)
        Runner(app).drain()
        return created

    monkeypatch.setattr(publishing, "create_deployment", lose_a_block)
    ran = signed_in("deploy", folder)
    assert ran.code == 1
    assert "failed    the store no longer holds the whole of this CID" in ran.out


def test_a_service_that_is_paused__is_told(site: Dspace, mirror: Mirror, folder: Path) -> None:
    mirror.service(1, OWNER.address, state=2)
    ran = site("deploy", folder)
    assert ran.code == 1
    assert ran.err.splitlines()[-1].startswith("dspace: Service not active: ")


def test_more_than_the_allowance__is_told(site: Dspace, mirror: Mirror, folder: Path) -> None:
    mirror.tier(0, storage=1_000)
    ran = site("deploy", folder)
    assert ran.code == 1
    assert ran.err.splitlines()[-1].startswith("dspace: Allowance exceeded: ")


def test_without_a_token__it_says_what_to_do(dspace: Dspace, api: str, folder: Path) -> None:
    ran = dspace("deploy", folder, "--api", api)
    assert ran.err == (f"dspace: not signed in to {api}: sign in with `dspace login --api {api}`\n")


def test_what_the_server_says__does_not_steer_the_terminal() -> None:
    assert plain("\x1b[2Jsite\x07") == "\ufffd[2Jsite\ufffd"


class TestDryRun:
    def test_it_tells_what_would_be_sent__and_makes_nothing(
        self, site: Dspace, folder: Path
    ) -> None:
        told = deployed(site, folder, "--dry-run").json
        assert told["files"] == 3
        assert told["missing"]["blocks"] == told["blocks"] == 9
        assert deployed(site, folder).json["cid"] == told["cid"]
        assert deployed(site, folder, "--dry-run").json["missing"]["blocks"] == 0

    def test_it_needs_no_token(self, dspace: Dspace, folder: Path) -> None:
        told = deployed(dspace, folder, "--dry-run").json
        assert "missing" not in told


class TestWhatIsTaken:
    def names(self, folder: Path, hidden: bool = False) -> set[str]:
        return {"/".join(file.parts) for file in look_through(folder, hidden).files}

    def test_links_are_told__and_not_followed(self, site: Dspace, folder: Path) -> None:
        (folder / "passwd").symlink_to("/etc/passwd")
        (folder / "inside").symlink_to("a")
        os.mkfifo(folder / "pipe")
        ran = site("deploy", folder)
        assert ran.code == 0
        assert "note: left out: inside, passwd (symbolic links, not followed)" in ran.err
        assert "note: left out: pipe (is neither file nor folder)" in ran.err

    def test_hidden_files_and_litter__stay_at_home(self, folder: Path) -> None:
        for name in (".env", ".git/config", ".well-known/security.txt", "a/.DS_Store", "._x"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text("x")
        own = {"index.html", "a/b.txt", "a/big.bin", ".well-known/security.txt"}
        assert self.names(folder) == own
        assert self.names(folder, hidden=True) == own | {".env", ".git/config"}

    def test_an_ignore_file__is_read_as_git_would(self, folder: Path) -> None:
        (folder / ".dspaceignore").write_text("# big ones\n*.bin\n/b.txt\n!.env\nempty/\n")
        (folder / ".env").write_text("x")
        (folder / "b.txt").write_text("x")
        assert self.names(folder) == {"index.html", "a/b.txt", ".env"}
        assert ("empty",) not in look_through(folder).directories

    def test_a_name_that_is_no_utf8__is_refused(self, folder: Path) -> None:
        (folder / os.fsdecode(b"caf\xe9")).write_text("x")
        with pytest.raises(ClientError, match="no UTF-8"):
            look_through(folder)

    @pytest.mark.parametrize("name", ["nowhere", "site/index.html"])
    def test_what_is_no_folder__is_told(self, dspace: Dspace, folder: Path, name: str) -> None:
        ran = dspace("deploy", folder.parent / name, "--dry-run")
        assert (ran.code, ran.err) == (1, f"dspace: {folder.parent / name} is no folder\n")

    def test_an_empty_folder__is_told(self, dspace: Dspace, tmp_path: Path) -> None:
        (tmp_path / "bare").mkdir()
        ran = dspace("deploy", tmp_path / "bare", "--dry-run")
        assert ran.err == f"dspace: {tmp_path / 'bare'} has no files to publish\n"


class TestChanges:
    def test_a_file_that_grows_while_it_is_read__is_noticed(self, folder: Path) -> None:
        big = folder / "a" / "big.bin"

        def write_more(_more: int) -> None:
            with big.open("ab") as file:
                file.write(b"more")

        with pytest.raises(FileChanged, match=r"big\.bin changed while it was read"):
            hash_folder(look_through(folder), write_more)

    def test_a_file_that_is_rewritten_while_it_is_read__is_noticed(self, folder: Path) -> None:
        big = folder / "a" / "big.bin"

        def rewrite(_more: int) -> None:
            with big.open("r+b") as file:
                file.write(b"other")

        with pytest.raises(FileChanged, match=r"big\.bin changed while it was read"):
            hash_folder(look_through(folder), rewrite)

    def test_a_file_that_changes_before_it_is_sent__is_noticed(
        self, site: Dspace, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = Publishing._hash

        def hash_and_change(self: Publishing, *arguments: object) -> object:
            hashed = told(self, *arguments)  # type: ignore[arg-type]
            (folder / "a" / "b.txt").write_bytes(b"B" * 3_000)
            return hashed

        monkeypatch.setattr(Publishing, "_hash", hash_and_change)
        ran = site("deploy", folder)
        assert ran.code == 1
        assert ran.err.splitlines()[-1].startswith(f"dspace: {folder}/a/b.txt changed while")

    def test_a_file_that_goes_before_it_is_read__is_noticed(self, folder: Path) -> None:
        listed = look_through(folder)
        (folder / "index.html").unlink()
        with pytest.raises(FileChanged, match=r"index\.html"):
            hash_folder(listed)


class TestBadNetworks:
    @pytest.fixture
    def large(self, tmp_path: Path) -> Path:
        made = tmp_path / "large"
        made.mkdir()
        (made / "index.html").write_text("x")
        (made / "data").write_bytes(os.urandom(36 * 2**20))
        return made

    def test_a_cut_upload__goes_on_where_it_was(
        self,
        site: Dspace,
        app: Flask,
        settings: ApiSettings,
        large: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        store = app.extensions["dspace_store"]

        def until_the_server_is_done(_seconds: float) -> None:
            deadline = time.monotonic() + 20
            while len(list(store.cids())) < 16 and time.monotonic() < deadline:
                time.sleep(0.02)

        monkeypatch.setattr(connection, "sleep", until_the_server_is_done)
        with CuttingProxy(settings.api_port, after_bytes=24 * 2**20, times=1) as proxy:
            monkeypatch.setenv("DSPACE_TOKEN", kept_token())
            ran = site("deploy", large, "--json", "--api", proxy.url)
        assert ran.code == 0, ran.err
        assert ran.err.count("; trying again") == 1
        made = ran.json
        assert made["deployment"]["state"] == "live"
        assert made["sent"]["bytes"] > 36 * 2**20
        assert proxy.passed_bytes < 50 * 2**20  # from its start again it would be 60
        assert content(app, made["cid"], "data") == (large / "data").read_bytes()

    def test_a_server_that_takes_small_ones_only__gets_small_ones(
        self, site: Dspace, app: Flask, settings: ApiSettings, large: Path
    ) -> None:
        app.config["DSPACE"] = settings.model_copy(update={"max_upload_bytes": 10 * 2**20})
        assert deployed(site, large).json["deployment"]["state"] == "live"

    def test_an_api_that_is_gone_for_good__is_told(
        self,
        site: Dspace,
        settings: ApiSettings,
        large: Path,
        patience: list[float],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        with CuttingProxy(settings.api_port, after_bytes=2**20, times=1_000) as proxy:
            monkeypatch.setenv("DSPACE_TOKEN", kept_token())
            ran = site("deploy", large, "--api", proxy.url)
        assert ran.code == 1
        assert ran.err.splitlines()[-1].startswith(f"dspace: {proxy.url} can't be reached: ")
        assert len(patience) == connection.ATTEMPTS - 1
        assert patience == sorted(patience) or max(patience) < 10


def kept_token() -> str:
    kept = load_credentials()
    return kept.token(kept.current)
