"""What the command line knows of the embedded server: where its state is, who it is, how its errors are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.errors import UsageError

SANDBOX_STATE = Path(".reconciler") / "sandbox.sqlite"
SANDBOX_INSTANCE = "inst_sandbox"
SANDBOX_PHONE = "12025550100"


@contextmanager
def expecting_sandbox_errors() -> Iterator[None]:
    """Tell the embedded server's errors as this program's own."""
    from reconciler.sandbox import SandboxError

    try:
        yield
    except SandboxError as error:
        raise UsageError(f"sandbox: {error}") from error
