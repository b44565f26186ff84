"""`python -m pipelines.sandbox --home HOME [--port PORT]`: prepare a world where there is none, and serve it."""

import argparse
from pathlib import Path

from pipelines.sandbox.options import DEFAULT_PORT, WorldOptions
from pipelines.sandbox.prepare import prepare
from pipelines.sandbox.server import serve


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.sandbox", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the folder of state (VOXHOUSE_HOME)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    defaults = WorldOptions()
    for name in ("seed", "posts", "customers", "orders", "months"):
        parser.add_argument(f"--{name}", type=int, default=getattr(defaults, name))
    given = parser.parse_args()
    options = WorldOptions(given.seed, given.posts, given.customers, given.orders, given.months)
    prepare(given.home, options, given.port)
    serve(given.home, given.port)


if __name__ == "__main__":
    main()
