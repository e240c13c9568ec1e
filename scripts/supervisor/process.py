"""One supervised process: started in a session of its own, restarted when it ends by itself.

Invariant: whatever becomes of the supervisor, nothing that it started lives on. The kernel kills
a child whose supervisor died; a process group left by a killed one is killed before the next
start (`reap_leftovers`).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import psutil

from api.process import exit_with_parent

FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 30.0
STABLE_SECONDS = 60.0  # a process that ran this long starts over with the first backoff
LOG_LIMIT_BYTES = 10 * 2**20  # a longer log is set aside at the next start


@dataclass
class Process:
    """A command, its log file, and the running process if there is one."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    running: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0  # monotonic seconds
    restart_at: float | None = None  # monotonic seconds; None unless it waits for a restart
    backoff: float = field(default=FIRST_BACKOFF_SECONDS)

    def start(self) -> None:
        """Starts the process; what it prints goes to its log."""
        self.restart_at = None
        self.started_at = time.monotonic()
        with self._open_log() as log:
            self.running = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=exit_with_parent if sys.platform == "linux" else None,
            )

    def poll(self) -> int | None:
        """The exit status of a process that has just ended; None while it runs or waits."""
        if self.running is None or self.running.poll() is None:
            return None
        status = self.running.returncode
        self._kill_group()  # its own children must not keep its port
        self.running = None
        return status

    def schedule_restart(self) -> float:
        """Sets the time of the next start; returns the seconds until then."""
        now = time.monotonic()
        if now - self.started_at > STABLE_SECONDS:
            self.backoff = FIRST_BACKOFF_SECONDS
        delay = self.backoff
        self.backoff = min(self.backoff * 2, LONGEST_BACKOFF_SECONDS)
        self.restart_at = now + delay
        return delay

    def is_due(self) -> bool:
        """Whether the time of its restart has come."""
        return self.restart_at is not None and time.monotonic() >= self.restart_at

    def terminate(self) -> None:
        """Asks it to end."""
        if self.running is not None:
            self.running.terminate()

    def wait_or_kill(self, seconds: float) -> None:
        """Waits for its end, and kills it and its children when that takes too long."""
        if self.running is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.running.wait(seconds)
        self._kill_group()
        self.running.wait()
        self.running = None

    def last_lines(self, count: int) -> list[str]:
        """The end of its log."""
        with suppress(OSError), self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 8_192))
            return log.read().decode(errors="replace").splitlines()[-count:]
        return []

    def _kill_group(self) -> None:
        if self.running is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.running.pid, signal.SIGKILL)

    def _open_log(self) -> BinaryIO:
        with suppress(FileNotFoundError):
            if self.log.stat().st_size > LOG_LIMIT_BYTES:
                self.log.replace(self.log.with_suffix(".log.1"))
        return self.log.open("ab")


def remember(processes: list[Process], path: Path) -> None:
    """Writes down who runs, for `reap_leftovers` after a kill."""
    running = [
        {
            "pid": process.running.pid,
            "created_at": psutil.Process(process.running.pid).create_time(),
        }
        for process in processes
        if process.running is not None and psutil.pid_exists(process.running.pid)
    ]
    part = path.with_suffix(".part")
    part.write_text(json.dumps(running))
    part.replace(path)


def reap_leftovers(path: Path) -> int:
    """Kills the process groups that an earlier supervisor left; returns how many there were."""
    try:
        remembered = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return 0
    killed = 0
    for entry in remembered:
        for member in _group_of(entry["pid"], entry["created_at"]):
            with suppress(psutil.NoSuchProcess):
                member.kill()
                member.wait(5)
                killed += 1
    path.unlink(missing_ok=True)
    return killed


def _group_of(leader: int, created_at: float) -> list[psutil.Process]:
    """The members of a remembered group: pids are used again, so all must be as old as it."""
    members = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, ProcessLookupError, PermissionError):
            if os.getpgid(process.pid) == leader and process.create_time() >= created_at - 1:
                members.append(process)
    if any(
        member.pid == leader and abs(member.create_time() - created_at) > 1 for member in members
    ):
        return []
    return members
