"""Events as Dagster writes them, for the storages under test and the benchmark's likes."""

from __future__ import annotations

import logging
import time

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluation,
    AssetCheckEvaluationPlanned,
)
from dagster._core.events import (
    AssetMaterializationPlannedData,
    DagsterEvent,
    DagsterEventType,
    EngineEventData,
    StepMaterializationData,
)
from dagster._core.events.log import EventLogEntry


def entry(run_id: str, kind: DagsterEventType, data: object, step: str | None = "step") -> EventLogEntry:
    event = DagsterEvent(kind.value, "job", step_key=step, event_specific_data=data, message=kind.value)  # type: ignore[arg-type]
    return EventLogEntry(  # type: ignore[no-untyped-call]
        error_info=None,
        user_message="",
        level=logging.DEBUG,
        run_id=run_id,
        timestamp=time.time(),
        step_key=step,
        job_name="job",
        dagster_event=event,
    )


def key(number: int) -> dg.AssetKey:
    return dg.AssetKey(["marts", f"table_{number}"])


def planned_asset(run_id: str, number: int) -> EventLogEntry:
    data = AssetMaterializationPlannedData(key(number))
    return entry(run_id, DagsterEventType.ASSET_MATERIALIZATION_PLANNED, data)


def planned_check(run_id: str, number: int) -> EventLogEntry:
    data = AssetCheckEvaluationPlanned(asset_key=key(number % 7), check_name=f"check_{number}")
    return entry(run_id, DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED, data)


def materialized(run_id: str, number: int) -> EventLogEntry:
    tags = {"dagster/data_version": f"v{number}", "not/indexed": "x"}
    data = StepMaterializationData(dg.AssetMaterialization(key(number), metadata={"rows": number}, tags=tags))
    return entry(run_id, DagsterEventType.ASSET_MATERIALIZATION, data)


def evaluated(run_id: str, number: int) -> EventLogEntry:
    data = AssetCheckEvaluation(
        asset_key=key(number % 7), check_name=f"check_{number}", passed=bool(number % 3), metadata={}
    )
    return entry(run_id, DagsterEventType.ASSET_CHECK_EVALUATION, data)


def said(run_id: str) -> EventLogEntry:
    return entry(run_id, DagsterEventType.ENGINE_EVENT, EngineEventData(), step=None)


def started(run_id: str) -> EventLogEntry:
    return entry(run_id, DagsterEventType.RUN_START, None, step=None)
