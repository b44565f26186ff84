"""`python -m tests.house.nights N`: nights in one process, each a day later, a source down in one of five.

Prints as JSON how many nights went well, by what was down.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter

from orchestration.commands.runs import run_job
from orchestration.config import Settings
from sandbox import control

SEED = 5
SOURCES = ("hubspot", "instagram", "shopify")
TROUBLES = ("server_error", "expired_token", "bad_types")
ONE_IN = 5
BUILD_EACH_NIGHTS = 15
RENEW_EACH_NIGHTS = 50
"""A user's token lasts 60 days, and a check tells a week before: the one thing that a person has to do."""


def live(nights: int) -> Counter[str]:
    """Sources by what was down while they were read, and builds; each as failed or well."""
    settings = Settings.from_environment()
    settings.prepare()
    chance, seen = random.Random(SEED), Counter[str]()
    for night in range(nights):
        control(settings.home, "clock", {"advance_days": 1})
        if (night + 1) % RENEW_EACH_NIGHTS == 0:
            control(settings.home, "renew", {"api": "instagram"})
        down = chance.choice(SOURCES) if chance.random() < 1 / ONE_IN else None
        if down:
            trouble = {"api": down, "kind": chance.choice(TROUBLES), "times": 100_000, "share": 1.0}
            control(settings.home, "trouble", trouble)
        landed = run_job("land")
        if down:
            control(settings.home, "calm", {})
        seen[f"land with {'a' if down else 'no'} source down: {_outcome(landed.failed)}"] += 1
        if (night + 1) % BUILD_EACH_NIGHTS == 0:
            seen[f"build: {_outcome(run_job('build').failed)}"] += 1
    return seen


def _outcome(failed: object) -> str:
    return "failed" if failed else "well"


if __name__ == "__main__":
    print(json.dumps(live(int(sys.argv[1]))))
