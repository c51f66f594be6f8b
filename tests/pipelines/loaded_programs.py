"""A process that has loaded `reconciler` and the stand-in of `gh`, and forks for each run of one.

The steps of a workflow start a hundred programs, and most of the time of each would go into imports. What stands on a
runner's PATH is a script that hands its arguments, environment, folder and streams to this process, and ends with the
exit code that it gets. A test about how Python starts takes the installed program instead (`INSTALLED`).
"""

from __future__ import annotations

import gc
import os
import pkgutil
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

INSTALLED = Path(sys.executable).parent / "reconciler"
ALSO = ("cel_expr_python.cel", "deepdiff", "jsonschema", "jsonschema_rs", "openpyxl", "phonenumbers", "platformdirs")
"""What commands import when they need it, besides modules of the project."""
_SCRIPT = f"""#!{sys.executable} -IS
import _socket, array, os, sys
server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
server.connect({{socket!r}})
order = [os.path.basename(__file__).encode(), os.getcwdb(), b"%d" % (len(sys.argv) - 1)]
order += [*map(os.fsencode, sys.argv[1:]), *(name + b"=" + value for name, value in os.environb.items())]
streams = array.array("i", [0, 1, 2])
server.sendmsg([b"-"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
left = memoryview(b"\\0".join(order))
while left:
    left = left[server.send(left):]
server.shutdown(_socket.SHUT_WR)
os._exit(int(server.recv(9) or b"70"))
"""


@contextmanager
def loaded_programs() -> Iterator[Path]:
    """Start the process; yields a folder with the script `reconciler`, and `gh` in `path`."""
    folder = Path(tempfile.mkdtemp(prefix="programs-"))  # a socket's path must be short
    place = str(folder / "socket")
    (folder / "path").mkdir()
    for script in (folder / "reconciler", folder / "path" / "gh"):
        script.write_text(_SCRIPT.format(socket=place))
        script.chmod(0o755)
    command = [sys.executable, "-P", "-m", "tests.pipelines.loaded_programs", place]
    root = str(Path(__file__).parents[2])
    env = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONPATH": root}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/", env=env) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield folder
        finally:
            process.kill()
    shutil.rmtree(folder)


def _serve(path: str) -> None:
    import reconciler

    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        import_module(module.name)
    for name in (*ALSO, "argparse", "jq", "urllib.parse"):
        import_module(name)
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while sys.stdin not in select.select([server, sys.stdin], [], [])[0]:
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                os._exit(_become(connection))
            connection.close()
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _become(connection: socket.socket) -> int:
    """Run the program that is asked for, send its exit code, and return it."""
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("rb") as lines:
        program, folder, count, *rest = lines.read().split(b"\0")
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environb.clear()
    for name, _, value in (each.partition(b"=") for each in rest[int(count) :]):
        os.environb[name] = value
    sys.argv = [os.fsdecode(each) for each in (program, *rest[: int(count)])]
    code = _run(sys.argv[0])
    connection.sendall(b"%d" % code)
    return code


def _run(program: str) -> int:
    try:
        if program == "gh":
            from tests.pipelines import gh_stand_in  # reads its environment as it is imported

            sys.exit(gh_stand_in.main(sys.argv[1:]))
        from reconciler.__main__ import main

        main()
    except SystemExit as ended:
        code = ended.code
    else:
        code = 0
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


if __name__ == "__main__":
    _serve(sys.argv[1])
