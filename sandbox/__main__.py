"""`python -m sandbox --home HOME [--port PORT]`: prepare a world where there is none, and serve it."""

import argparse
from dataclasses import fields
from pathlib import Path

from sandbox.options import DEFAULT_PORT, WorldOptions
from sandbox.prepare import prepare
from sandbox.server import bind, serve


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the folder of state (VOXHOUSE_HOME)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0: the port of the last time, or any free one")
    names = [option.name for option in fields(WorldOptions)]
    for name in names:
        default = getattr(WorldOptions(), name)
        parser.add_argument(f"--{name}", type=type(default), default=default)
    given = parser.parse_args()
    try:
        options = WorldOptions(**{name: getattr(given, name) for name in names})
    except ValueError as error:
        parser.error(str(error))
    try:
        listener = bind(given.home, given.port)
    except (OSError, OverflowError) as error:
        parser.error(f"port {given.port} cannot be had ({error}): name another one")
    prepare(given.home, options, listener.getsockname()[1])
    serve(given.home, listener)


if __name__ == "__main__":
    main()
