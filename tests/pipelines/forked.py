"""Starts the program and the stand-in for `gh` by forking a process that has imported them: 30 ms instead of 400.

A story starts them dozens of times, and most of their time is their imports. Each start is still a process of its own,
with the arguments, folder, environment and files that its shell gave it.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import traceback
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

GH = Path(__file__).parent / "gh_stand_in.py"
IMPORTED = (
    *("jq", "argparse", "jsonschema_rs", "phonenumbers", "reconciler.engine", "reconciler.cli.main"),
    *("reconciler.cli.planning", "reconciler.cli.revisions", "reconciler.cli.saved_plan", "reconciler.live.client"),
    *(f"reconciler.cli.commands.{name}" for name in ("adopt", "apply", "diff", "drift", "edit", "init", "pin", "plan")),
    *("reconciler.apply.executor", "reconciler.editing.adopt", "reconciler.report.config_diff"),
    *("reconciler.report.html.render", "reconciler.report.markdown", "reconciler.report.text"),
)
CLIENT = """\
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect({address!r})
    socket.send_fds(connection, [b"."], [0, 1, 2])
    connection.sendall(json.dumps([{name!r}, sys.argv[1:], os.getcwd(), dict(os.environ)]).encode())
    connection.shutdown(socket.SHUT_WR)
    answer = connection.recv(16)
sys.exit(int(answer) if answer else 70)
"""


@cache
def program(name: str) -> Path:
    """Return an executable file that starts `reconciler` or `gh` by a fork."""
    folder = _folder()
    client = folder / f"{name}.py"
    client.write_text(CLIENT.format(address=str(folder / "address"), name=name))
    path = folder / name
    path.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {client} "$@"\n')
    path.chmod(0o755)
    return path


@cache
def _folder() -> Path:
    """Start the process that is forked, which ends with this one, and return its folder."""
    folder = TemporaryDirectory(prefix="fork-")
    atexit.register(folder.cleanup)
    address = Path(folder.name) / "address"
    env = {"PATH": os.environ["PATH"], "HOME": folder.name, "LANG": "C.UTF-8"}
    parent = subprocess.Popen(
        [sys.executable, "-I", __file__, str(address)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"ready\n"
    atexit.register(parent.kill)
    return Path(folder.name)


def _serve(address: str) -> None:
    for name in IMPORTED:
        importlib.import_module(name)
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
        while True:
            connection, _ = listening.accept()
            with connection:
                if os.fork() == 0:
                    listening.close()
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    _answer(connection)


def _answer(connection: socket.socket) -> None:
    """Be the process that was asked for, and answer with its exit code."""
    _, files, _, _ = socket.recv_fds(connection, 1, 3)
    request = b"".join(iter(lambda: connection.recv(65536), b""))
    name, arguments, folder, env = json.loads(request)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [name, *arguments]
    code: object = 0
    try:
        if name == "gh":
            runpy.run_path(str(GH), run_name="__main__")
        else:
            from reconciler.__main__ import main

            main()
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    connection.sendall(str(code if isinstance(code, int) else 1).encode())
    os._exit(0)


if __name__ == "__main__":
    _serve(sys.argv[1])
