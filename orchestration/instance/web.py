"""Dagster's web server for one machine, behind a guard, with Great Expectations' pages beside it.

`python -m orchestration.instance.web --port P --code-server-port C --data-docs FOLDER` serves on loopback until it is
ended. Who is let in, and why that holds against other pages of the same browser, stands in `guard.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import dagster as dg
import uvicorn
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import GrpcServerTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from orchestration.instance.files import LOCATION
from orchestration.instance.guard import DATA_DOCS, Guard

ADDRESS = "127.0.0.1"
POLL_MILLISECONDS = 2000
"""Between a page's looks at its assets; the stock command's default."""
MAX_MESSAGE_BYTES = 1024 * 1024
"""Of what a page says on its web socket: the texts of its subscriptions."""


def guarded(context: WorkspaceProcessContext, port: int, data_docs: Path) -> Guard:
    """Dagster's pages and API, and the pages in a folder, which need not be there yet."""
    dagster = create_app_from_workspace_process_context(context, live_data_poll_rate=POLL_MILLISECONDS)
    routes = [
        Route(DATA_DOCS.rstrip("/"), lambda _request: RedirectResponse(DATA_DOCS)),
        Mount(DATA_DOCS.rstrip("/"), StaticFiles(directory=data_docs, html=True, check_dir=False)),
        Mount("/", dagster),
    ]
    return Guard(Starlette(routes=routes), port, context.instance.has_run)


def serve(port: int, code_server_port: int, data_docs: Path) -> None:
    """Serve until SIGTERM or SIGINT. Raises SystemExit where the port is taken; DAGSTER_HOME names the instance."""
    location = GrpcServerTarget(ADDRESS, code_server_port, None, LOCATION)
    with (
        dg.DagsterInstance.get() as instance,
        WorkspaceProcessContext(instance, location, version=dg.__version__) as context,
    ):
        uvicorn.run(
            guarded(context, port, data_docs),
            host=ADDRESS,
            port=port,
            http="h11",  # passes on the target as it came, and refuses a second Host by itself
            ws_max_size=MAX_MESSAGE_BYTES,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="Dagster's pages, guarded, and Data Docs at /data_docs/.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--code-server-port", type=int, required=True)
    parser.add_argument("--data-docs", type=Path, required=True, metavar="FOLDER")
    chosen = parser.parse_args()
    serve(chosen.port, chosen.code_server_port, chosen.data_docs)


if __name__ == "__main__":
    main()
