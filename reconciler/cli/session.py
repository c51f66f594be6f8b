"""What the command line knows of the embedded server: where its state is, who it is, how its errors are told.

Opening the API for one command: which instance, which server, which key, reading only or not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli.error_output import register_secret
from reconciler.errors import UsageError
from reconciler.model.desired import Desired

if TYPE_CHECKING:
    from reconciler.cli.global_options import GlobalOptions
    from reconciler.cli.signals import StopFlag
    from reconciler.live.client import Client
    from reconciler.live.throttle import Throttle
    from reconciler.live.transport import Transport
    from reconciler.model.live import CallRecord


SANDBOX_STATE = Path(".reconciler") / "sandbox.sqlite"


SANDBOX_INSTANCE = "inst_sandbox"


SANDBOX_PHONE = "12025550100"

F = TypeVar("F", bound=Callable[..., Any])


@contextmanager
def map_sandbox_errors() -> Iterator[None]:
    """Tell the embedded server's errors as this program's own."""
    from reconciler.sandbox import SandboxError

    try:
        yield
    except SandboxError as error:
        raise UsageError(f"sandbox: {error}") from error


DEFAULT_BASE_URL = "https://api.wappfy.io/api"


@dataclass(frozen=True, slots=True)
class Account:
    """What a file or a saved plan says of the account: which instance, its own number (digits), how fast to write."""

    instance_id: str | None = None
    phone: str | None = None
    writes_per_minute: int | None = None

    @classmethod
    def of(cls, desired: Desired) -> Account:
        """The account that a file names."""
        phone = desired.instance.jid.partition("@")[0] if desired.instance else None
        return cls(desired.instance_id, phone, desired.policy.writes_per_minute)


@dataclass(frozen=True, slots=True)
class Session:
    """The API as one command sees it."""

    client: Client
    pacer: Throttle
    stop: StopFlag
    single_call: Callable[[tuple[str, str]], Transport]

    @contextmanager
    def messaging(self) -> Iterator[Client]:
        """The same API, paced together with this session, for sending messages and for no other call at all.

        From here on a signal only asks to stop: nobody may say that a message under way was not sent.
        """
        from reconciler.live.client import Client, send_message_endpoint

        self.stop.deferring()
        with closing(self.single_call(send_message_endpoint(self.client.instance_id))) as transport:
            yield Client(transport, self.client.instance_id)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to go: an instance at a server. `url` is as it was given, None for the embedded server."""

    instance_id: str
    url: str | None

    @property
    def place(self) -> str:
        """What tells servers apart, for the lock: the embedded one's state, or the address, however it is spelled.

        Raises UsageError for an address that is none.
        """
        if self.url is None:
            return str(SANDBOX_STATE.resolve())
        from reconciler.live import base_url

        return base_url.parse_base_url(self.url).server


def endpoint_of(settings: GlobalOptions, account: Account) -> Endpoint:
    """Which instance at which server; UsageError when no instance is given."""
    instance_id = settings.instance_id or account.instance_id
    if settings.sandbox:
        return Endpoint(instance_id or SANDBOX_INSTANCE, None)
    if not instance_id:
        raise UsageError(
            "no instance is given", "set WAPPFY_INSTANCE_ID, pass --instance-id, or write `instance: {id: …}`"
        )
    return Endpoint(instance_id, (settings.base_url or DEFAULT_BASE_URL).rstrip("/"))


@contextmanager
def open_session(
    settings: GlobalOptions,
    account: Account,
    stop: StopFlag,
    *,
    read_only: bool,
    observer: Callable[[CallRecord], None] | None = None,
) -> Iterator[Session]:
    """Open the API, or the embedded server with its state in `.reconciler/`.

    Raises UsageError when the instance or the key is not given.
    """
    from reconciler.live.client import Client
    from reconciler.live.throttle import Throttle
    from reconciler.live.transport import Transport

    address = endpoint_of(settings, account)
    with _server(settings, address, account) as (url, key):
        pacer = Throttle(settings.rate, account.writes_per_minute, stop.event)
        connect = partial(Transport, url, key, timeout=settings.timeout, pacer=pacer, stop=stop.event)
        with closing(connect(read_only=read_only, observer=observer)) as transport:
            yield Session(
                Client(transport, address.instance_id), pacer, stop, lambda call: connect(only=call, observer=observer)
            )


@contextmanager
def reading_session(settings: GlobalOptions, account: Account) -> Iterator[Session]:
    """Open the API for a command that writes nothing; a signal ends it at once."""
    from reconciler.cli.signals import handle_signals

    with handle_signals() as stop, open_session(settings, account, stop, read_only=True) as session:
        yield session


@contextmanager
def _server(settings: GlobalOptions, address: Endpoint, account: Account) -> Iterator[tuple[str, str]]:
    if address.url is not None:
        key = _key(settings)
        register_secret(key)
        yield address.url, key
        return
    from reconciler.sandbox import Server, World
    from reconciler.sandbox import Settings as Behaviour

    with map_sandbox_errors(), World.open(SANDBOX_STATE) as world:
        phone = account.phone if account.instance_id in (None, address.instance_id) else None
        if phone is not None or address.instance_id not in world.instance_ids():
            world.ensure_instance(address.instance_id, phone or SANDBOX_PHONE)
        with Server(world, Behaviour()) as server:
            yield server.url, server.key


def _key(settings: GlobalOptions) -> str:
    """The key: from the file named by an option, else from WAPPFY_API_KEY, else from the file that a variable names."""
    from_environment = os.environ.get("WAPPFY_API_KEY")
    if settings.api_key_file is not None and (settings.api_key_file_given or not from_environment):
        try:
            return settings.api_key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            # What was named is not repeated: it may be the key itself.
            named = "--api-key-file" if settings.api_key_file_given else "RECONCILER_API_KEY_FILE"
            raise UsageError(
                f"the file named by {named} cannot be read: {reason}", "it takes the path of a file, not the key"
            ) from None
    if not from_environment:
        raise UsageError(
            "no API key is given", "set WAPPFY_API_KEY, pass --api-key-file, or use --sandbox to try things out"
        )
    return from_environment.strip()


def state_option(function: F) -> F:
    """--state FILE."""
    return click.option(
        "--state",
        envvar="RECONCILER_STATE",
        type=click.Path(path_type=Path, dir_okay=False),
        default=SANDBOX_STATE,
        show_default=True,
        metavar="FILE",
        help="Where the server's state is kept.",
    )(function)
