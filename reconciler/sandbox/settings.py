"""How one embedded server behaves: everything the API's documents leave open or tell in two ways."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.sandbox.errors import SandboxError

SANDBOX_KEY = "wappfy_sk_sandbox_key"
"""The key every embedded server accepts unless told otherwise; it opens nothing but toys."""


class Dialect(StrEnum):
    """Which of the two documented shapes groups have (see `shapes`)."""

    GUIDE = "guide"
    REFERENCE = "reference"


class Paging(StrEnum):
    """How lists come: in one piece, as arrays cut by limit and offset, or as numbered pages with totals."""

    NONE = "none"
    OFFSET = "offset"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Settings:
    """One server's behaviour; a new server takes new settings.

    dialect, paging: the documented variants; plain strings of the same spelling are fine.
    page_size: default and greatest `limit`; None means what the documents say, 50 for offset and 20 for page.
    key: accepted in X-Api-Key or as a bearer token.
    rate_limit: requests per `window` seconds for all users of the key; None counts nothing and sends no headers.
    anonymous_rate_limit: the same for requests without a valid key, per client address.
    window: seconds of a rate-limit window, which begins at the whole second of its first request (see `limiter`).
    rate_headers: whether X-RateLimit-* headers are sent.
    retry_after_header: whether a 429 carries Retry-After too, as a proxy would add it.
    clock_skew: seconds by which the server's clock is ahead of this machine's.
    name_bad_participants: whether 409 and 422 name the offending participants in their details.
    phone_field: the field beside a LID that has the phone: phoneNumber, phone_number, pn or jid.
    max_groups: groups per instance before creating one is refused with PLAN_LIMIT_REACHED.
    """

    dialect: Dialect | str = Dialect.GUIDE
    paging: Paging | str = Paging.NONE
    page_size: int | None = None
    key: str = SANDBOX_KEY
    rate_limit: int | None = 100
    anonymous_rate_limit: int = 20
    window: float = 60.0
    rate_headers: bool = True
    retry_after_header: bool = False
    clock_skew: float = 0.0
    name_bad_participants: bool = False
    phone_field: str = "phone_number"
    max_groups: int | None = None

    def __post_init__(self) -> None:
        # Callers hand over what they read from a command line, so names become members here, once.
        try:
            object.__setattr__(self, "dialect", Dialect(self.dialect))
            object.__setattr__(self, "paging", Paging(self.paging))
        except ValueError as error:
            raise SandboxError(f"the sandbox cannot be set so: {error}") from None

    @property
    def page_limit(self) -> int:
        """How many entries a page has by default and at most."""
        return self.page_size or (20 if self.paging == Paging.PAGE else 50)
