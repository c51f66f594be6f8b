"""Open the API for one command: which instance, at which server, with which key, for reading only or not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.installation import extra_command
from reconciler.cli.logs import register_secret
from reconciler.cli.signals import StopFlag, handle_signals
from reconciler.errors import UsageError
from reconciler.model.desired import Desired

if TYPE_CHECKING:
    from reconciler.cli.global_options import GlobalOptions
    from reconciler.live.client import Client
    from reconciler.live.throttle import Throttle
    from reconciler.live.transport import Exchange, Transport
    from reconciler.model.live import CallRecord

SANDBOX_STATE = Path(".reconciler") / "sandbox.sqlite"
SANDBOX_INSTANCE = "inst_sandbox"
SANDBOX_PHONE = "12025550100"


@dataclass(frozen=True, slots=True)
class Account:
    """The account that a configuration or a saved plan names; `phone` is its own number, digits only."""

    instance_id: str | None = None
    phone: str | None = None
    writes_per_minute: int | None = None

    @classmethod
    def of(cls, desired: Desired) -> Account:
        """Return the account that a configuration names."""
        phone = desired.account.jid.partition("@")[0] if desired.account else None
        return cls(desired.instance_id, phone, desired.policy.writes_per_minute)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An instance at a server; without a `url`, at the embedded one."""

    instance_id: str
    url: str | None

    @property
    def server(self) -> str:
        """The server's address, the same however its URL is spelled; for the embedded one, the path of its state.

        Raises UsageError when the URL is not valid.
        """
        if self.url is None:
            return str(SANDBOX_STATE.resolve())
        from reconciler.live import base_url

        return base_url.parse_base_url(self.url).server


@dataclass(frozen=True, slots=True)
class ApiKey:
    """The key, which `repr` leaves out, and where it comes from, as a user names it."""

    value: str = field(repr=False)
    source: str


@dataclass(frozen=True, slots=True)
class Session:
    """The API as one command uses it."""

    client: Client
    throttle: Throttle
    stop: StopFlag
    single_call: Callable[[tuple[str, str]], Transport]

    @contextmanager
    def messaging(self) -> Iterator[Client]:
        """Open a client that can send messages and nothing else, under the same throttle.

        It defers signals: an interrupted command must know whether its message was sent.
        """
        from reconciler.live.client import Client, send_message_endpoint

        self.stop.defer()
        with closing(self.single_call(send_message_endpoint(self.client.instance_id))) as transport:
            yield Client(transport, self.client.instance_id, reference=self.client.sends_reference)


def endpoint_of(global_options: GlobalOptions, account: Account) -> Endpoint:
    """Return the instance and its server. Raises UsageError when no instance is set."""
    instance_id = global_options.instance_id or account.instance_id
    if global_options.sandbox:
        return Endpoint(instance_id or SANDBOX_INSTANCE, None)
    if not instance_id:
        raise UsageError(
            "no instance is set", "set WAPPFY_INSTANCE_ID, pass --instance-id, or add `instance: {id: …}` to the file"
        )
    from reconciler.live.base_url import DEFAULT_BASE_URL

    return Endpoint(instance_id, (global_options.base_url or DEFAULT_BASE_URL).rstrip("/"))


@contextmanager
def open_session(
    global_options: GlobalOptions,
    account: Account,
    stop: StopFlag,
    *,
    read_only: bool,
    observer: Callable[[CallRecord], None] | None = None,
    listener: Callable[[Exchange], None] | None = None,
    attempts: int | None = None,
) -> Iterator[Session]:
    """Open the API, or the embedded server with its state in `.reconciler/`; a call is sent `attempts` times at most.

    Raises UsageError when the instance or the key is not set.
    """
    from reconciler.live.client import Client
    from reconciler.live.throttle import Throttle
    from reconciler.live.transport import Transport

    endpoint = endpoint_of(global_options, account)
    with _server(global_options, endpoint, account) as (url, key):
        throttle = Throttle(global_options.rate, account.writes_per_minute, stop.event)
        connect = partial(Transport, url, key, timeout=global_options.timeout, throttle=throttle)
        connect = partial(connect, attempts=attempts) if attempts is not None else connect
        with closing(connect(read_only=read_only, observer=observer, listener=listener)) as transport:
            client = Client(transport, endpoint.instance_id)
            yield Session(client, throttle, stop, lambda call: connect(only=call, observer=observer))


@contextmanager
def reading_session(global_options: GlobalOptions, account: Account) -> Iterator[Session]:
    """Open the API for a command that writes nothing; a signal ends it at once."""
    with handle_signals() as stop, open_session(global_options, account, stop, read_only=True) as session:
        yield session


@contextmanager
def _server(global_options: GlobalOptions, endpoint: Endpoint, account: Account) -> Iterator[tuple[str, str]]:
    """Yield the server's URL and API key; run the embedded server where that is the endpoint."""
    if endpoint.url is not None:
        key = find_api_key(global_options).value
        register_secret(key)
        yield endpoint.url, key
        return
    from reconciler.sandbox import Server, Settings, World

    with map_sandbox_errors(), World.open(SANDBOX_STATE) as world:
        phone = account.phone if account.instance_id in (None, endpoint.instance_id) else None
        if phone is not None or endpoint.instance_id not in world.instance_ids():
            world.ensure_instance(endpoint.instance_id, phone or SANDBOX_PHONE)
        with Server(world, Settings()) as server:
            yield server.url, server.key


def find_api_key(global_options: GlobalOptions) -> ApiKey:
    """Return the key from --api-key-file, else from WAPPFY_API_KEY, else from RECONCILER_API_KEY_FILE.

    Raises UsageError when no key is set, or its file cannot be read.
    """
    key = os.environ.get("WAPPFY_API_KEY")
    path, typed = global_options.api_key_file, global_options.api_key_file_typed
    if path is not None and (typed or not key):
        option = "--api-key-file" if typed else "RECONCILER_API_KEY_FILE"
        try:
            return ApiKey(path.read_text(encoding="utf-8").strip(), option)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
            # The message does not repeat the path: it may be the key itself.
            raise UsageError(
                f"cannot read the file that {option} names: {reason}", "give the path of a file, not the key"
            ) from None
    if not key:
        raise UsageError("no API key is set", "set WAPPFY_API_KEY, pass --api-key-file, or use --sandbox to try it out")
    return ApiKey(key.strip(), "WAPPFY_API_KEY")


@contextmanager
def map_sandbox_errors() -> Iterator[None]:
    """Raise the embedded server's errors as this program's own."""
    from reconciler.sandbox import MissingWebServer, SandboxError

    try:
        yield
    except MissingWebServer as error:
        raise UsageError(f"sandbox: {error}", f"run `{extra_command('sandbox')}`") from error
    except SandboxError as error:
        raise UsageError(f"sandbox: {error}") from error
