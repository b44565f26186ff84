"""Instagram: the Graph API over the own account, its media and comments, and what competitors show in public."""

from __future__ import annotations

from sandbox.api.instagram.api import InstagramApi, throttled
from sandbox.api.instagram.errors import expired_token, unexpected
from sandbox.api.instagram.moves import move
from sandbox.api.instagram.trouble import pages, spoil
from sandbox.api.kind import Kind
from sandbox.options import ACCOUNTS

KIND = Kind(
    make=InstagramApi,
    refusals={
        "rate_limit": throttled,
        "server_error": lambda: unexpected().answer(),
        "expired_token": lambda: expired_token().answer(),
    },
    pages=pages,
    spoil=spoil,
    move=move,
    secrets=("access_token",),
    credentials=("access_token", "client_id", "client_secret"),
    token_days=60,
    settings={
        "account_id": next(account.account_id for account in ACCOUNTS if account.is_own),
        "competitors": {account.brand_id: account.username for account in ACCOUNTS if not account.is_own},
    },
    accounts={account.brand_id: (account.account_id,) for account in ACCOUNTS},
    can_retire=True,
)
