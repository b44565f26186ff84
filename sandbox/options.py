"""What a simulated world is made of: its size, its seed, its zone, its moment, and the fixed names of the demo."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, available_timezones

BRAND = "aurora"
START_DAY = date(2026, 7, 1)
FUTURE_MONTHS = 13
DEFAULT_PORT = 8710


@dataclass(frozen=True, slots=True)
class WorldOptions:
    """Size counts what is visible at the start clock; the future goes on at the same pace.

    `moves` to `rate` say how restless the world is; 0 stands for not at all, and for the vendors' own ceilings.
    """

    seed: int = 20260630
    posts: int = 1_500
    customers: int = 5_000
    orders: int = 20_000
    months: int = 18
    moves: int = 0
    """After so many requests to an API, something happens to its records."""
    lag: int = 0
    """Requests for which a change is not in the search indexes."""
    ceiling: int = 0
    """Records that can be paged through in one list."""
    rate: int = 0
    """Requests a second that each API answers."""
    timezone: str = "Europe/Paris"
    """IANA name of the zone in which the brands live and the shop cuts its days."""

    def __post_init__(self) -> None:
        if self.orders < self.customers:
            raise ValueError("a world needs at least one order for each customer")
        if self.months < 2 or self.customers < 20 or self.posts < 30:
            raise ValueError("a world needs at least 2 months, 20 customers and 30 posts")
        if min(self.moves, self.lag, self.ceiling, self.rate) < 0:
            raise ValueError("moves, lag, ceiling and rate are 0 or more")
        if self.timezone not in available_timezones():
            raise ValueError(f"unknown time zone {self.timezone!r}")

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the world's days."""
        return ZoneInfo(self.timezone)

    @property
    def start_clock(self) -> datetime:
        """A midnight of the zone, so that the world's past is made of whole local days."""
        return datetime.combine(START_DAY, time(), self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class AccountOptions:
    """An account of the world, with the weekday (ISO) and local hour at which its audience responds best."""

    brand_id: str
    account_id: str
    username: str
    name: str
    followers: int
    yearly_growth: float
    post_share: float
    engagement_rate: float
    best_weekday: int
    best_hour: int
    is_own: bool


ACCOUNTS = (
    AccountOptions("aurora", "17841400000000001", "aurora.paris", "Aurora", 42_000, 0.30, 0.40, 0.022, 4, 19, True),
    AccountOptions(
        "borealis", "17841400000000002", "borealis_home", "Borealis", 65_000, 0.12, 0.35, 0.015, 2, 12, False
    ),
    AccountOptions("cirrus", "17841400000000003", "cirrus.living", "Cirrus", 28_000, 0.45, 0.25, 0.028, 7, 21, False),
)
