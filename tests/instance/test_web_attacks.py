"""Everything that another page, or a name that is not ours, may try on the web server; then what pages really need."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from orchestration.instance.files import LOCATION
from orchestration.instance.guard import MAX_BODY_BYTES, PROGRAM_HEADER
from orchestration.instance.run_config import MAX_CONFIG_CHARACTERS, reads_environment
from tests.instance.guarded_server import Asked, Server, guarded_server, send

pytestmark = pytest.mark.xdist_group("guarded_web_server")

JSON = ("Content-Type", "application/json")
OWN = ("Origin", "http://127.0.0.1:{port}")
EVIL = ("Origin", "http://evil.example")
HANDSHAKE = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Protocol", "graphql-ws"),
]
SELECTOR = {"jobName": "measure", "repositoryName": "__repository__", "repositoryLocationName": LOCATION}
LAUNCH = """mutation Op($p: ExecutionParams!) { launchRun(executionParams: $p) {
  __typename ... on PythonError { message } ... on LaunchRunSuccess { run { runId } } } }"""
INLINE = """mutation { launchRun(executionParams: { mode: "default", selector: { jobName: "measure",
  repositoryName: "__repository__", repositoryLocationName: "voxhouse" }, runConfigData: %s }) { __typename } }"""
QUERY_STRING = "query=mutation%7BlaunchRun(executionParams%3A%7B%7D)%7B__typename%7D%7D"
DEFAULT = """mutation($c: RunConfigData = {a: {env: "PATH"}}) {
  launchRun(executionParams: {runConfigData: $c}) { __typename } }"""
MULTIPLE = "mutation($p: [ExecutionParams!]!) { launchMultipleRuns(executionParamsList: $p) { __typename } }"
BACKFILL = "mutation($b: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $b) { __typename } }"
ENV = {"ops": {"measured": {"config": {"as_of": {"env": "PATH"}}}}}
VERSION = b'{"query": "{version}"}'
BOMB = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 40)) + "z: {env: A}"
DEEP = b'{"query": "{version}", "variables": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
PREFLIGHT = [("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type,x-voxhouse")]
REBOUND = ("Origin", "http://evil.example:{port}")
CROSS_SITE = ("Sec-Fetch-Site", "cross-site")
FOLLOWED = [CROSS_SITE, ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]


def params(config: object = None) -> dict[str, object]:
    return {"p": {"selector": SELECTOR, "mode": "default", "runConfigData": {} if config is None else config}}


def request(query: str = LAUNCH, variables: object = None) -> bytes:
    return json.dumps({"query": query, "variables": params() if variables is None else variables}).encode()


def post(*headers: tuple[str, str], body: bytes | None = None, **rest: Any) -> Asked:
    """The page's own launch of a run, but for what is changed."""
    given = headers or (JSON, OWN)
    return Asked("POST", rest.pop("target", "/graphql"), given, request() if body is None else body, **rest)


def with_env(config: object) -> Asked:
    return post(body=request(variables=params(config)))


def socket(*headers: tuple[str, str], **rest: Any) -> Asked:
    return Asked("GET", rest.pop("target", "/graphql"), [*HANDSHAKE, *headers], **rest)


def doubled_host(first: str, second: str) -> Asked:
    return Asked(headers=[("Host", second)], host=first)


ATTACKS: dict[str, tuple[Asked, int]] = {
    # Names that lead here and are not ours: DNS rebinding and its spellings.
    "host: another name": (post(host="evil.example:{port}"), 403),
    "host: another name, page": (Asked(host="evil.example:{port}"), 403),
    "host: another name, rebound origin": (post(JSON, REBOUND, host="evil.example:{port}"), 403),
    "host: ours as a prefix": (post(host="127.0.0.1.evil.example:{port}"), 403),
    "host: ours as a suffix": (post(host="evil.localhost:{port}"), 403),
    "host: trailing dot": (post(host="localhost.:{port}"), 403),
    "host: userinfo": (post(host="127.0.0.1:{port}@evil.example"), 403),
    "host: ours as userinfo's host": (post(host="evil@127.0.0.1:{port}"), 403),
    "host: no port": (post(host="127.0.0.1"), 403),
    "host: another port": (post(host="127.0.0.1:8088"), 403),
    "host: port with zeros": (post(host="127.0.0.1:0{port}"), 403),
    "host: wildcard address": (post(host="0.0.0.0:{port}"), 403),
    "host: another loopback address": (post(host="127.0.0.2:{port}"), 403),
    "host: short address": (post(host="127.1:{port}"), 403),
    "host: decimal address": (post(host="2130706433:{port}"), 403),
    "host: mapped address": (post(host="[::ffff:127.0.0.1]:{port}"), 403),
    "host: empty": (post(host=""), 403),
    "host: none": (post(host=None), 400),
    "host: none, HTTP/1.0": (Asked(as_sent="GET /server_info HTTP/1.0\r\n\r\n"), 403),
    "host: twice, ours first": (doubled_host("127.0.0.1:{port}", "evil.example"), 400),
    "host: twice, ours last": (doubled_host("evil.example", "127.0.0.1:{port}"), 400),
    "host: a list": (post(host="127.0.0.1:{port}, evil.example"), 403),
    "target: absolute, foreign": (Asked(target="http://evil.example/server_info"), 400),
    "target: absolute, ours, host foreign": (Asked(target="http://127.0.0.1:{port}/", host="evil.example"), 403),
    "target: absolute mutation": (post(target="http://evil.example/graphql"), 400),
    "forwarded: X-Forwarded-Host": (post(JSON, OWN, ("X-Forwarded-Host", "evil.example")), 403),
    "forwarded: ours, host foreign": (post(JSON, ("X-Forwarded-Host", "127.0.0.1:{port}"), host="evil.example"), 403),
    "forwarded: Forwarded": (post(JSON, OWN, ("Forwarded", "host=evil.example")), 403),
    # An image, a link, a script tag.
    "get: mutation by an image": (Asked(target=f"/graphql?{QUERY_STRING}"), 405),
    "get: mutation by an image, browser's headers": (
        Asked(target=f"/graphql?{QUERY_STRING}", headers=[CROSS_SITE, ("Sec-Fetch-Dest", "image")]),
        403,
    ),
    "get: mutation with the page's origin": (Asked(target=f"/graphql?{QUERY_STRING}", headers=[OWN]), 405),
    "get: mutation, path escaped": (Asked(target=f"/%67raphql?{QUERY_STRING}"), 405),
    "get: GraphiQL": (Asked(target="/graphql", headers=[("Accept", "text/html")]), 405),
    "get: page of ours asked by another site": (Asked(target="/runs", headers=[CROSS_SITE]), 403),
    "get: page of ours in another site's frame": (
        Asked(target="/runs", headers=[CROSS_SITE, ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")]),
        403,
    ),
    "get: mutation by a link": (Asked(target=f"/graphql?{QUERY_STRING}", headers=FOLLOWED), 403),
    "form: sent by a page that is left": (post(("Content-Type", "text/plain"), EVIL, *FOLLOWED), 403),
    # Forms, and what `fetch` sends without asking first.
    "form: urlencoded": (post(("Content-Type", "application/x-www-form-urlencoded"), EVIL), 403),
    "form: urlencoded, query in the address": (
        post(("Content-Type", "application/x-www-form-urlencoded"), target=f"/graphql?{QUERY_STRING}"),
        403,
    ),
    "form: urlencoded, own origin": (post(("Content-Type", "application/x-www-form-urlencoded"), OWN), 415),
    "form: multipart": (post(("Content-Type", "multipart/form-data; boundary=x"), OWN), 415),
    "no-cors: text/plain": (post(("Content-Type", "text/plain"), EVIL), 403),
    "no-cors: text/plain that names JSON": (post(("Content-Type", "text/plain; x=application/json"), OWN), 415),
    "no-cors: JSON in a list of types": (post(("Content-Type", "text/plain, application/json"), OWN), 415),
    "no-cors: JSON as a prefix": (post(("Content-Type", "application/jsonp"), OWN), 415),
    "no-cors: type twice": (post(JSON, ("Content-Type", "text/plain"), OWN), 400),
    "no-cors: no type": (post(OWN), 415),
    "no-cors: application/graphql": (post(("Content-Type", "application/graphql"), OWN, body=b"{version}"), 415),
    "no-cors: beacon": (post(("Content-Type", "text/plain;charset=UTF-8"), CROSS_SITE), 403),
    # Pages of other origins, this machine's other servers among them.
    "origin: foreign": (post(JSON, EVIL), 403),
    "origin: foreign, with our header": (post(JSON, EVIL, ("X-Voxhouse", "1")), 403),
    "origin: null": (post(JSON, ("Origin", "null")), 403),
    "origin: empty": (post(JSON, ("Origin", "")), 403),
    "origin: another port": (post(JSON, ("Origin", "http://127.0.0.1:8088")), 403),
    "origin: our other name": (post(JSON, ("Origin", "http://localhost:{port}")), 403),
    "origin: https": (post(JSON, ("Origin", "https://127.0.0.1:{port}")), 403),
    "origin: ours as a prefix": (post(JSON, ("Origin", "http://127.0.0.1:{port}.evil.example")), 403),
    "origin: ours with a path": (post(JSON, ("Origin", "http://127.0.0.1:{port}/")), 403),
    "origin: twice": (post(JSON, OWN, EVIL), 400),
    "origin: ours, but another site": (post(JSON, OWN, CROSS_SITE), 403),
    "origin: none, same site": (post(JSON, ("Sec-Fetch-Site", "same-site")), 403),
    "origin: none, no header of a program": (post(JSON), 403),
    "origin: none, a program's header with another value": (post(JSON, ("X-Voxhouse", "yes")), 403),
    # Asking first, and odd methods.
    "method: preflight": (
        Asked("OPTIONS", "/graphql", [EVIL, *PREFLIGHT]),
        403,
    ),
    "method: OPTIONS": (Asked("OPTIONS", "/graphql"), 405),
    "method: OPTIONS *": (Asked("OPTIONS", "*"), 400),
    "method: HEAD": (Asked("HEAD", f"/graphql?{QUERY_STRING}"), 405),
    "method: PUT": (Asked("PUT", "/graphql", [JSON, OWN], request()), 405),
    "method: TRACE": (Asked("TRACE", "/graphql", [OWN]), 405),
    "method: CONNECT": (Asked("CONNECT", "evil.example:443"), 400),
    "method: lower case": (Asked("post", "/graphql", [JSON, OWN], request()), 405),
    "method: overridden": (Asked("GET", "/graphql", [JSON, OWN, ("X-HTTP-Method-Override", "POST")], request()), 405),
    "method: POST on a page": (post(target="/runs"), 405),
    "method: POST with a slash after it": (post(target="/graphql/"), 405),
    "method: POST below it": (post(target="/graphql/x"), 405),
    "method: POST with a double slash": (post(target="//graphql"), 403),
    "report: a materialisation": (post(target="/report_asset_materialization/measured", body=b"{}"), 405),
    "report: a materialisation without a type": (
        Asked("POST", "/report_asset_materialization/measured?description=x"),
        405,
    ),
    "report: a check": (post(target="/report_asset_check/measured", body=b"{}"), 405),
    # Web sockets, which browsers open to anybody.
    "socket: foreign origin": (socket(EVIL), 403),
    "socket: null origin": (socket(("Origin", "null")), 403),
    "socket: another port": (socket(("Origin", "http://127.0.0.1:8088")), 403),
    "socket: foreign host": (socket(REBOUND, host="evil.example:{port}"), 403),
    "socket: another site": (socket(OWN, CROSS_SITE), 403),
    "socket: nobody's": (socket(), 403),
    "socket: another path": (socket(OWN, target="/runs"), 403),
    # Bodies.
    "body: announced too large": (post(JSON, OWN, ("Content-Length", str(MAX_BODY_BYTES + 1)), length=False), 413),
    "body: too large in pieces": (
        post(
            JSON,
            OWN,
            ("Transfer-Encoding", "chunked"),
            body=f"{MAX_BODY_BYTES + 1:x}\r\n".encode() + b" " * (MAX_BODY_BYTES + 1),
            length=False,
        ),
        413,
    ),
    "body: length is no number": (post(JSON, OWN, ("Content-Length", "-1"), length=False), 400),
    "body: two lengths": (post(JSON, OWN, ("Content-Length", "1"), ("Content-Length", "2"), length=False), 400),
    "body: a batch": (post(body=b"[" + request() + b"," + request() + b"]"), 400),
    "body: a batch of one": (post(body=b"[" + request() + b"]"), 400),
    "body: query is a list": (post(body=b'{"query": ["{version}"]}'), 400),
    "body: no query": (post(body=b'{"id": "persisted"}'), 400),
    "body: no JSON": (post(body=b"query=mutation"), 400),
    "body: empty": (post(body=b""), 400),
    "body: nested out of sight": (post(body=DEEP), 400),
    "body: text nested out of sight": (post(body=request("{a" * 20_000 + "}" * 20_000 + ' # "env"')), 400),
    # Variables of the environment in run configuration.
    "env: object": (with_env(ENV), 403),
    "env: YAML": (with_env("ops:\n  measured:\n    config:\n      as_of:\n        env: PATH\n"), 403),
    "env: YAML in one line": (with_env("ops: {measured: {config: {as_of: {env: PATH}}}}"), 403),
    "env: YAML, escaped key": (with_env('ops: {measured: {config: {as_of: {"\\x65nv": PATH}}}}'), 403),
    "env: YAML, explicit key": (with_env("ops: {measured: {config: {as_of: {? env\n : PATH}}}}"), 403),
    "env: YAML, alias": (with_env("x: &a {env: PATH}\nops: {measured: {config: {as_of: *a}}}"), 403),
    "env: YAML, aliases without end": (
        with_env(BOMB),
        403,
    ),
    "env: JSON in a string": (with_env(json.dumps(ENV)), 403),
    "env: YAML too long to be looked through": (with_env("x: env" + " " * MAX_CONFIG_CHARACTERS), 400),
    "env: in a list": (with_env({"resources": [{"x": [{"env": "PATH"}]}]}), 403),
    "env: variables as a string": (post(body=request(variables=json.dumps(params(ENV)))), 403),
    "env: key escaped in JSON": (post(body=request(variables=params(ENV)).replace(b'"env"', b'"\\u0065nv"')), 403),
    "env: body in UTF-16": (post(body=request(variables=params(ENV)).decode().encode("utf-16")), 403),
    "env: in the text": (post(body=request(INLINE % '{ops: {measured: {config: {as_of: {env: "PATH"}}}}}')), 403),
    "env: YAML in the text": (post(body=request(INLINE % '"ops: {measured: {config: {as_of: {env: PATH}}}}"')), 403),
    "env: YAML escaped in the text": (post(body=request(INLINE % '"ops: {m: {config: {a: {\\u0065nv: A}}}}"')), 403),
    "env: block of YAML in the text": (post(body=request(INLINE % '"""\nops: {m: {config: {a: {env: A}}}}\n"""')), 403),
    "env: a variable's default": (
        post(body=request(DEFAULT)),
        403,
    ),
    "env: launchPipelineExecution": (
        post(body=request(LAUNCH.replace("launchRun(", "launchPipelineExecution("), params(ENV))),
        403,
    ),
    "env: launchMultipleRuns": (
        post(body=request(MULTIPLE, {"p": [params(ENV)["p"]]})),
        403,
    ),
    "env: launchPartitionBackfill": (
        post(body=request(BACKFILL, {"b": {"runConfigData": ENV}})),
        403,
    ),
    "env: from a program": (post(JSON, ("X-Voxhouse", "1"), body=request(variables=params(ENV))), 403),
    # Files.
    "docs: up": (Asked(target="/data_docs/../secrets.env"), 403),
    "docs: up, dots escaped": (Asked(target="/data_docs/%2e%2e/secrets.env"), 403),
    "docs: up, slash escaped": (Asked(target="/data_docs/..%2fsecrets.env"), 403),
    "docs: up, all escaped": (Asked(target="/data_docs/%2e%2e%2fsecrets.env"), 403),
    "docs: up, escaped twice": (Asked(target="/data_docs/%252e%252e%252fsecrets.env"), 403),
    "docs: up, backslash": (Asked(target="/data_docs/..%5csecrets.env"), 403),
    "docs: up from below": (Asked(target="/data_docs/static/../../secrets.env"), 403),
    "docs: absolute": (Asked(target="/data_docs//etc/passwd"), 404),
    "docs: absolute, escaped": (Asked(target="/data_docs/%2fetc/passwd"), 404),
    "docs: nothing after a name": (Asked(target="/data_docs/index.html%00.png"), 403),
    "docs: a link to a file outside": (Asked(target="/data_docs/link.env"), 404),
    "docs: a link to a folder outside": (Asked(target="/data_docs/way_out/secrets.env"), 404),
    "docs: foreign host": (Asked(target="/data_docs/", host="evil.example:{port}"), 403),
    "docs: read by another origin": (Asked(target="/data_docs/", headers=[EVIL]), 403),
    "docs: read by their own scripts": (Asked(target="/data_docs/", headers=[("Origin", "null")]), 403),
    "docs: written": (post(target="/data_docs/index.html"), 405),
    "docs: a script of theirs starts a run": (post(JSON, ("Origin", "null"), CROSS_SITE), 403),
    "logs: up": (Asked(target="/logs/%2e%2e/%2e%2e/dagster.yaml"), 403),
    "logs: of no run": (Asked(target="/logs/secrets/compute_logs/x.err"), 404),
    "logs: of an empty name": (Asked(target="/logs//x.err"), 404),
    "debug: of no run": (Asked(target="/download_debug/none"), 404),
    "notebook": (Asked(target="/notebook?repoLocName=voxhouse&path=/etc/x.ipynb"), 403),
    "notebook, old name": (Asked(target="/dagit/notebook?repoLocName=voxhouse&path=/etc/x.ipynb"), 403),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with guarded_server(tmp_path_factory.mktemp("guarded")) as server:
        yield server


@pytest.mark.parametrize("name", ATTACKS)
def test_refused(server: Server, name: str) -> None:
    asked, status = ATTACKS[name]
    answer = send(server.port, asked)
    assert answer.status == status, answer.body[:300]
    assert len(answer.body.splitlines()) <= 1
    assert b"stolen" not in answer.body
    assert "access-control-allow-origin" not in answer.headers


def _runs(server: Server) -> list[object]:
    answer = server.page("query Op { runsOrError { ... on Runs { results { runId } } } }").json()
    return list(answer["data"]["runsOrError"]["results"])


def test_a_mutation_does_not_run_on_a_web_socket(server: Server) -> None:
    with _page_socket(server) as ws:
        for number, query in enumerate([LAUNCH, INLINE % json.dumps(json.dumps(ENV))]):
            payload = {"query": query, "variables": params()}
            ws.send(json.dumps({"id": str(number), "type": "start", "payload": payload}))
            assert json.loads(ws.recv(30))["type"] == "error"


def test_no_attack_started_a_run_or_left_a_trace(server: Server) -> None:
    assert _runs(server) == []
    answer = server.page("query Op { assetNodes { assetMaterializations(limit: 1) { runId } } }")
    assert answer.json()["data"] == {"assetNodes": [{"assetMaterializations": []}]}
    assert len(ATTACKS) >= 45


def _page_socket(server: Server) -> Any:
    address = f"127.0.0.1:{server.port}"
    origin, protocols = Origin(f"http://{address}"), [Subprotocol("graphql-ws")]
    return connect(f"ws://{address}/graphql", origin=origin, subprotocols=protocols)


NEEDED: dict[str, tuple[Asked, bytes]] = {
    "the page": (Asked(headers=[("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate")]), b"<!DOCTYPE html>"),
    "a page below": (
        Asked(target="/locations/voxhouse/jobs/measure", headers=[("Sec-Fetch-Site", "same-origin")]),
        b"<!DOCTYPE",
    ),
    "a link from Superset": (Asked(target="/assets", headers=[("Sec-Fetch-Site", "same-site")]), b"<!DOCTYPE html>"),
    "localhost": (Asked(target="/server_info", host="localhost:{port}"), b"dagster_version"),
    "LOCALHOST": (Asked(target="/server_info", host="LocalHost:{port}"), b"dagster_version"),
    "IPv6": (Asked(target="/server_info", host="[::1]:{port}"), b"dagster_version"),
    "health, by a program": (Asked(target="/server_info"), b"dagster_version"),
    "a file of the page": (Asked(target="/favicon.svg", headers=[("Sec-Fetch-Site", "same-origin")]), b"<svg"),
    "a query": (post(JSON, OWN, body=VERSION), b"1.13"),
    "a query, charset": (post(("Content-Type", "application/json; charset=utf-8"), OWN, body=VERSION), b"1.13"),
    "a query, by a program": (post(JSON, *PROGRAM_HEADER.items(), body=VERSION), b"1.13"),
    "a query, on localhost": (
        post(JSON, ("Origin", "http://localhost:{port}"), body=VERSION, host="localhost:{port}"),
        b"1.13",
    ),
    "a link in a mail": (Asked(target="/runs", headers=FOLLOWED), b'<div id="root">'),
    "Data Docs": (Asked(target="/data_docs/"), b"suites"),
    "a link in Data Docs": (Asked(target="/data_docs/index.html", headers=[CROSS_SITE]), b"suites"),
    "a style of Data Docs": (Asked(target="/data_docs/static/style.css", headers=[CROSS_SITE]), b"p {}"),
}


@pytest.mark.parametrize("name", NEEDED)
def test_answered(server: Server, name: str) -> None:
    asked, part = NEEDED[name]
    answer = send(server.port, asked)
    assert answer.status == 200, answer.body[:300]
    assert part.lower() in answer.body.lower()


@pytest.mark.parametrize("target", ["/", "/server_info", "/favicon.svg", "/data_docs/", "/data_docs/none", "/notebook"])
def test_every_answer_says_what_browsers_may_not_do(server: Server, target: str) -> None:
    headers = send(server.port, Asked(target=target)).headers
    assert headers["x-content-type-options"] == ["nosniff"]
    assert headers["x-frame-options"] == ["DENY"]
    assert headers["referrer-policy"] == ["same-origin"]
    policies = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policies
    assert ("sandbox allow-scripts" in policies) == target.startswith("/data_docs")
    assert any("script-src" in policy for policy in policies) == (target == "/")


def test_data_docs_are_found_without_a_slash(server: Server) -> None:
    answer = send(server.port, Asked(target="/data_docs"))
    assert (answer.status, answer.headers["location"]) == (307, ["/data_docs/"])


def test_the_page_launches_a_run_and_watches_it(server: Server) -> None:
    config = "ops:\n  measured:\n    config:\n      as_of: environment\n"
    answer = server.page(LAUNCH, params(config)).json()["data"]["launchRun"]
    assert answer["__typename"] == "LaunchRunSuccess"
    run_id = answer["run"]["runId"]
    assert _runs(server) == [{"runId": run_id}]
    watch = """subscription Op($id: ID!) { pipelineRunLogs(runId: $id, cursor: null) {
      ... on PipelineRunLogsSubscriptionSuccess { messages { __typename } } } }"""
    with _page_socket(server) as ws:
        ws.send(json.dumps({"type": "connection_init"}))
        assert json.loads(ws.recv(30)) == {"type": "connection_ack"}
        ws.send(json.dumps({"id": "1", "type": "start", "payload": {"query": watch, "variables": {"id": run_id}}}))
        said = json.loads(ws.recv(30))
    kinds = {message["__typename"] for message in said["payload"]["data"]["pipelineRunLogs"]["messages"]}
    assert "RunEnqueuedEvent" in kinds
    assert send(server.port, Asked(target=f"/download_debug/{run_id}")).status == 200
    assert send(server.port, Asked(target=f"/logs/{run_id}/compute_logs/none.err")).status == 404


CHROMIUM = shutil.which("chromium")


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path")
def test_a_browser_shows_the_asset_and_nothing_is_refused(server: Server) -> None:
    """The bundled page in a real browser: what it sends of itself passes, live updates included."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page()
        refused: list[str] = []
        sockets: list[str] = []
        page.on("response", lambda r: refused.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        page.on("websocket", lambda ws: sockets.append(ws.url))
        page.goto(f"http://127.0.0.1:{server.port}/assets/measured")
        page.get_by_text("measured").first.wait_for(timeout=60_000)
        page.wait_for_timeout(1500)
        assert refused == []
        assert sockets
        page.goto(f"http://127.0.0.1:{server.port}/data_docs/")
        stolen = page.evaluate(
            """() => fetch('/graphql', {method: 'POST', headers: {'Content-Type': 'application/json'},
               body: '{"query": "{version}"}'}).then(r => r.status, () => 'refused')"""
        )
        assert stolen == "refused"
        browser.close()


@pytest.mark.parametrize(
    "value", ["a: b", "as_of: environment", "env", {"environment": 1}, ["env"], "{{ env: }", None, 7]
)
def test_what_only_looks_like_a_variable_passes(value: object) -> None:
    assert not reads_environment({"query": '{ x(tags: [{key: "env", value: "prod"}]) }', "variables": {"v": value}})


def test_a_container_is_not_taken_for_one_that_is_gone() -> None:
    """Numbers of objects are used again once they are freed."""
    harmless = [f"a{n}: {{x: [1, 2, {{y: 3}}], note: 'env'}}" for n in range(200)]
    assert reads_environment({"query": "", "variables": ["a: {env: PATH}", *harmless]})
    assert reads_environment({"query": "", "variables": [*harmless, "a: {env: PATH}"]})
