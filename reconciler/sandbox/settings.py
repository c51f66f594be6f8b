"""The behaviour of one embedded server: whatever the API's documents leave open or describe in two ways."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.sandbox.records import SandboxError

SANDBOX_KEY = "wappfy_sk_sandbox_key"
"""The API key of every embedded server that gets no other. It is public and opens nothing but test data."""


class Dialect(StrEnum):
    """Which of the two documented JSON shapes groups have (see `serializers`)."""

    GUIDE = "guide"
    REFERENCE = "reference"


class Paging(StrEnum):
    """How lists are paged: not at all, as arrays selected by limit and offset, or as numbered pages with totals."""

    NONE = "none"
    OFFSET = "offset"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one server, which cannot change while it runs."""

    # The documented variants; plain strings with their values work too.
    dialect: Dialect | str = Dialect.GUIDE
    paging: Paging | str = Paging.NONE
    page_size: int | None = None  # default and maximum of `limit`; None: as documented, 50 for offset and 20 for page
    key: str = SANDBOX_KEY  # what X-Api-Key or a bearer token must carry
    rate_limit: int | None = 100  # requests per `window` for all users of the key; None: no limit and no headers of it
    anonymous_rate_limit: int = 20  # the same for requests without a valid key, per client address
    window: float = 60.0  # length of a rate-limit window in seconds (see `RateLimiter` for its start)
    rate_headers: bool = True  # whether to send X-RateLimit-* headers
    retry_after_header: bool = False  # whether a 429 also carries Retry-After, as a proxy would add it
    clock_skew: float = 0.0  # seconds by which the server's clock is ahead of this machine's
    name_bad_participants: bool = False  # whether 409 and 422 list the offending participants in their details
    answer_each_person: bool = False  # whether an add answers a status for each person: 200, 403, 404 or 419
    phone_field: str = "phone_number"  # the field beside a LID with the phone: phoneNumber, phone_number, pn or jid
    bare: bool = False  # whether answers lack what documents show only sometimes: `meta`, an error's code and details
    max_groups: int | None = None  # groups per instance; creating more fails with PLAN_LIMIT_REACHED
    ban_above: int | None = None  # the score of an account at which it is banned (see `reputation`); None: never

    def __post_init__(self) -> None:
        # Callers pass strings from a command line; convert them to members once, here.
        try:
            object.__setattr__(self, "dialect", Dialect(self.dialect))
            object.__setattr__(self, "paging", Paging(self.paging))
        except ValueError as error:
            raise SandboxError(f"invalid sandbox setting: {error}") from None

    @property
    def page_limit(self) -> int:
        """The default and maximum number of entries on a page."""
        return self.page_size or (20 if self.paging == Paging.PAGE else 50)
