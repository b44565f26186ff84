"""The instance that Dagster itself makes of what is written for it."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickStatus
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.schedules import SqliteScheduleStorage

from orchestration.instance.event_log import KeptSqliteEventLogStorage
from orchestration.instance.files import ENVIRONMENT, write_instance
from orchestration.instance.launcher import LocalRunLauncher
from tests.instance.asset_job import trial


@pytest.fixture
def dagster_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    write_instance(tmp_path, 4123)
    return tmp_path


def test_dagster_makes_the_instance_that_is_written(dagster_home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.event_log_storage, KeptSqliteEventLogStorage)
        assert Path(instance.event_log_storage._base_dir) == dagster_home / "history" / "runs"
        assert isinstance(instance.run_launcher, LocalRunLauncher)
        assert type(instance.run_storage) is SqliteRunStorage
        assert type(instance.schedule_storage) is SqliteScheduleStorage
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None
        assert queue.max_concurrent_runs == 3
        lane = {"key": "voxhouse/lane", "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
        assert queue.tag_concurrency_limits == [lane]
        assert instance.run_monitoring_enabled
        assert instance.run_monitoring_start_timeout_seconds == 180
        assert instance.run_monitoring_cancel_timeout_seconds == 120
        assert instance.run_monitoring_poll_interval_seconds == 30
        assert instance.run_retries_enabled
        assert instance.run_retries_max_retries == 1
        assert not instance.run_retries_retry_on_asset_or_op_failure
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled
        assert instance.get_settings("freshness") == {"enabled": True}
        assert set(instance.get_tick_retention_settings(InstigatorType.SCHEDULE).values()) == {30}
        sensors = instance.get_tick_retention_settings(InstigatorType.SENSOR)
        assert sensors[TickStatus.SKIPPED] == 1
        assert sensors[TickStatus.FAILURE] == sensors[TickStatus.SUCCESS] == 30


def test_what_is_planned_comes_as_one_batch(dagster_home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        storage = instance.event_log_storage
        with (
            patch.object(storage, "store_event_batch", wraps=storage.store_event_batch) as batches,
            patch.object(storage, "store_event", wraps=storage.store_event) as singles,
        ):
            run = instance.create_run_for_job(trial)
        assert [len(call.args[0]) for call in batches.call_args_list] == [6]
        assert singles.call_count == 0
        assert len(instance.all_logs(run.run_id)) == 6


def test_a_second_start_replaces_what_was_changed(dagster_home: Path) -> None:
    (dagster_home / "dagster.yaml").write_text("telemetry: {enabled: true}")
    write_instance(dagster_home, 4124)
    assert yaml.safe_load((dagster_home / "dagster.yaml").read_text())["telemetry"] == {"enabled": False}
    server = {"host": "127.0.0.1", "port": 4124, "location_name": "voxhouse"}
    assert yaml.safe_load((dagster_home / "workspace.yaml").read_text()) == {"load_from": [{"grpc_server": server}]}
    assert sorted(path.name for path in dagster_home.glob("*.yaml*")) == ["dagster.yaml", "workspace.yaml"]
    assert not list(dagster_home.glob(".*"))


def test_a_reader_never_finds_half_a_file(dagster_home: Path) -> None:
    before = (dagster_home / "dagster.yaml").read_text()
    with patch("os.replace", side_effect=OSError("no space")), pytest.raises(OSError, match="no space"):
        write_instance(dagster_home, 4124)
    assert (dagster_home / "dagster.yaml").read_text() == before
