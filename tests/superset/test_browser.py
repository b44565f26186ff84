"""Dashboards as people see them, in a real headless browser: nothing fails, and an author can build."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from conftest import CHROMIUM, SCREENSHOTS, missing
from superset_server import Client, Superset, password

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

pytestmark = [pytest.mark.xdist_group("superset"), pytest.mark.slow]

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
READERS = {
    "engagement": "viewer",
    "reach": "viewer",
    "attrition": "viewer",
    "lifetime-value": "finance",
    "operations": "operator",
}
WIDTH, HEIGHT = 1600, 1000
PATIENCE = 90_000
"""Milliseconds."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        missing("no chromium on the path", "install Debian's package `chromium`")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


def _log_in(browser: Browser, superset: Superset, account: str) -> Page:
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.set_default_timeout(PATIENCE)
    page.goto(f"{superset.url}/login/")
    page.fill("#username", account)
    page.fill("#password", password(account))
    page.keyboard.press("Enter")
    page.wait_for_url("**/superset/welcome/**")
    return page


@pytest.mark.parametrize("slug", READERS)
def test_a_dashboard_renders_whole(browser: Browser, superset: Superset, slug: str, tmp_path: Path) -> None:
    page = _log_in(browser, superset, READERS[slug])
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - playwright takes no built-in
    page.goto(f"{superset.url}/superset/dashboard/{slug}/")
    page.wait_for_selector(".dashboard-grid")
    page.set_viewport_size(
        {"width": WIDTH, "height": page.evaluate("document.querySelector('.dashboard-grid').scrollHeight") + 300}
    )
    charts = superset.login(READERS[slug]).get(f"dashboard/{slug}/charts").json()["result"]
    for _ in range(PATIENCE // 500):
        page.wait_for_timeout(500)
        answered = {answer.url for answer in answers if "/api/v1/chart/data" in answer.url and "slice_id" in answer.url}
        if len(answered) >= len(charts) and not page.get_by_text("Waiting on").count():
            break
    page.wait_for_timeout(2_000)
    page.screenshot(path=Path(SCREENSHOTS or tmp_path) / f"{slug}.png")
    assert [element.inner_text() for element in page.query_selector_all("[role=alert]")] == []
    assert [
        f"{answer.status} {answer.url}" for answer in answers if "/chart/data" in answer.url and not answer.ok
    ] == []
    assert {answer.url for answer in answers if not answer.url.startswith((superset.url, "data:", "blob:"))} == set()
    page.close()


def test_a_reader_without_the_role_sees_no_finance(browser: Browser, superset: Superset) -> None:
    page = _log_in(browser, superset, "viewer")
    page.goto(f"{superset.url}/dashboard/list/")
    page.wait_for_selector("text=Engagement and best time")
    assert page.query_selector("text=Lifetime value") is None
    page.goto(f"{superset.url}/superset/dashboard/lifetime-value/")
    page.wait_for_timeout(2_000)
    assert page.query_selector(".dashboard-grid .slice_container") is None
    page.close()


def test_an_author_builds_a_chart_and_a_dashboard(browser: Browser, superset: Superset, author: Client) -> None:
    dataset = next(d["id"] for d in author.all("dataset") if d["table_name"] == "mart_engagement_daily")
    page = _log_in(browser, superset, "author")
    page.goto(f"{superset.url}/explore/?datasource_type=table&datasource_id={dataset}&viz_type=big_number_total")
    page.click("[data-test=metric] >> text=Drop a column/metric here or click")
    page.click("#metrics-edit-popover .ant-select")
    page.locator("#metrics-edit-popover .ant-select input").press_sequentially("Posts published", delay=30)
    page.click(".ant-select-item-option:has-text('Posts published')")
    page.click("#metrics-edit-popover button:has-text('Save')")
    page.click("button:has-text('Update chart'), button:has-text('Create chart')")
    page.wait_for_selector(".superset-legacy-chart-big-number, .header-line")
    page.click("[data-test=query-save-button]")
    page.fill("[data-test=new-chart-name]", "Posts, by an author")
    page.wait_for_load_state("networkidle")
    page.click("[data-test=save-chart-modal-select-dashboard-form] .ant-select")
    page.locator("[data-test=save-chart-modal-select-dashboard-form] input").press_sequentially(
        "A dashboard by an author", delay=30
    )
    page.click(".ant-select-item-option:has-text('A dashboard by an author')")
    page.click("button:has-text('Save & go to dashboard')")
    page.wait_for_url("**/superset/dashboard/**")
    page.wait_for_selector("text=Posts, by an author")
    assert [d for d in author.all("dashboard") if d["dashboard_title"] == "A dashboard by an author"]
    page.close()


def test_an_author_queries_in_sql_lab(browser: Browser, superset: Superset, author: Client) -> None:
    marts = next(d["id"] for d in author.all("database") if d["database_name"] == "Voxhouse marts")
    page = _log_in(browser, superset, "author")
    statement = "select 'seen: ' || brand_id as shown from marts.dim_brand order by 1"
    page.goto(f"{superset.url}/sqllab/?dbid={marts}&sql={quote(statement)}&title=brands&autorun=true")
    page.wait_for_selector("text=seen: aurora")
    page.reload()
    page.wait_for_selector("text=marts.dim_brand")
    page.close()


def test_a_reader_drills_to_the_rows_behind_a_chart(browser: Browser, superset: Superset) -> None:
    page = _log_in(browser, superset, "viewer")
    page.goto(f"{superset.url}/superset/dashboard/engagement/")
    page.wait_for_selector(".dashboard-grid .slice_container")
    # The first one lists sources as rows, and has nothing behind them.
    page.locator("[data-test=slice-header] [aria-label='More Options']").nth(1).click()
    page.click("text=Drill to detail")
    with page.expect_response("**/datasource/samples**") as samples:
        page.wait_for_selector(".ant-modal")
    assert samples.value.ok
    page.close()
