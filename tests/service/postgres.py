"""A private PostgreSQL in a folder of its own, for tests: no port on the network, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

NOT_TESTED = "NOT TESTED: no PostgreSQL server here (apt-get install postgresql)"


def binaries() -> Path | None:
    """The folder of initdb and pg_ctl, if the server is installed and can run as somebody who is not root."""
    found = [Path(each).parent for each in [shutil.which("initdb") or ""] if each]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    able = os.getuid() != 0 or _user() is not None
    return next((each for each in found if (each / "initdb").exists() and able), None)


def _user() -> pwd.struct_passwd | None:
    """Who runs it: initdb refuses root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


class Server:
    """Started in `folder`, reached by a socket there."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._folder, self._binaries, self._data = folder, binaries, folder / "data"
        user = _user() if os.getuid() == 0 else None
        self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        self._run("initdb", "-D", str(self._data), "-U", "mgcds", "-A", "trust", "-N", "-E", "UTF8")
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://mgcds@/postgres?host={self._folder}"

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories='{self._folder}' -c shared_buffers=8MB"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-w", "-t", "60", "-o", options, "-l", log, "start")

    def crash(self) -> None:
        """Stopped as a power cut would: nothing is written out."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._binaries / program, *arguments], cwd=self._folder, check=True, timeout=120,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._as,
        )  # type: ignore[call-overload]  # fmt: skip
