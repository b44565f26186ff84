"""The thread executor in real runs: order, side by side, retries, skips, failures that stay alone, and interrupts."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from unittest.mock import patch

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run_iterator
from dagster._core.execution.context.system import StepExecutionContext
from dagster._core.execution.plan.execute_plan import dagster_event_sequence_for_step

from orchestration.instance import threads as module
from orchestration.instance.threads import SIDE_BY_SIDE, raise_if_stopping, threads

PATIENCE = 30.0


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    storage = {"module": "orchestration.instance.event_log", "class": "KeptSqliteEventLogStorage"}
    overrides = {"event_log_storage": {**storage, "config": {"base_dir": str(tmp_path / "events")}}}
    with dg.instance_for_test(overrides=overrides, temp_dir=str(tmp_path)) as instance:
        yield instance


Step = Callable[[dg.OpExecutionContext], object]


def _job(steps: Mapping[str, Step], after: dict[str, list[str]] | None = None) -> dg.JobDefinition:
    """One op a step; those without a function just succeed."""
    after = after or {}

    def op(name: str) -> dg.OpDefinition:
        ins = {f"in_{upstream}": dg.In(dg.Nothing) for upstream in after.get(name, [])}

        @dg.op(name=name, ins=ins, out=dg.Out(dg.Nothing))
        def work(context: dg.OpExecutionContext) -> None:
            steps[name](context)

        return work

    dependencies: dict[str, dict[str, dg.IDependencyDefinition]] = {
        name: {f"in_{upstream}": dg.DependencyDefinition(upstream) for upstream in after.get(name, [])}
        for name in steps
    }
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    graph = dg.GraphDefinition("trial", node_defs=[op(name) for name in steps], dependencies=dependencies)
    return graph.to_job(executor_def=threads, config=quiet)


def _run(instance: dg.DagsterInstance, job: dg.JobDefinition) -> tuple[dg.DagsterRunStatus, list[tuple[str, str]]]:
    made = instance.create_run_for_job(job)
    events = [
        (event.step_key or "", event.event_type_value)
        for event in execute_run_iterator(InMemoryJob(job), made, instance)
    ]
    run = instance.get_run_by_id(made.run_id)
    assert run is not None
    return run.status, events


def _nothing(_context: dg.OpExecutionContext) -> None:
    return


def test_a_step_starts_after_those_it_needs(instance: dg.DagsterInstance) -> None:
    order: list[str] = []
    after = {"middle": ["first", "other"], "last": ["middle"]}
    steps = {name: (lambda context: order.append(context.op.name)) for name in ("first", "other", "middle", "last")}
    status, events = _run(instance, _job(steps, after))
    assert status == dg.DagsterRunStatus.SUCCESS
    assert order[2:] == ["middle", "last"]
    assert events.index(("middle", "STEP_SUCCESS")) < events.index(("last", "STEP_START"))


def test_steps_meet_and_never_more_than_there_are_places(instance: dg.DagsterInstance) -> None:
    together = threading.Barrier(SIDE_BY_SIDE, timeout=PATIENCE)
    lock, running, most = threading.Lock(), 0, 0

    def meet(_context: dg.OpExecutionContext) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        if _context.op.name < "e":
            together.wait()
        with lock:
            running -= 1

    status, events = _run(instance, _job(dict.fromkeys("abcdef", meet)))
    assert status == dg.DagsterRunStatus.SUCCESS
    assert most == SIDE_BY_SIDE
    assert [kind for _, kind in events].count("STEP_SUCCESS") == 6


def test_a_failure_stays_with_what_depends_on_it(instance: dg.DagsterInstance) -> None:
    def fail(_context: dg.OpExecutionContext) -> None:
        raise dg.Failure("the token is refused", allow_retries=False)

    steps: dict[str, Step] = {"bad": fail, "needs_bad": _nothing, "below": _nothing, "good": _nothing, "end": _nothing}
    after = {"needs_bad": ["bad"], "below": ["needs_bad", "good"], "end": ["good"]}
    status, events = _run(instance, _job(steps, after))
    assert status == dg.DagsterRunStatus.FAILURE
    ended = {step: kind for step, kind in events if kind in {"STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED"}}
    assert ended == {"bad": "STEP_FAILURE", "good": "STEP_SUCCESS", "end": "STEP_SUCCESS"}


def test_what_has_no_input_is_skipped_down_the_line(instance: dg.DagsterInstance) -> None:
    @dg.op(out=dg.Out(int, is_required=False))
    def perhaps(context: dg.OpExecutionContext) -> Iterator[dg.Output[int]]:
        yield from ()

    @dg.op
    def then(context: dg.OpExecutionContext, value: int) -> int:
        return value

    @dg.job(executor_def=threads)
    def trial() -> None:
        then.alias("last")(then.alias("next")(perhaps()))

    status, events = _run(instance, trial)
    assert status == dg.DagsterRunStatus.SUCCESS
    assert [step for step, kind in events if kind == "STEP_SKIPPED"] == ["next", "last"]


def test_values_pass_between_threads_and_hooks_run(instance: dg.DagsterInstance) -> None:
    heard: list[str] = []

    @dg.success_hook
    def hear(context: dg.HookContext) -> None:
        heard.append(context.op.name)

    @dg.op
    def one(context: dg.OpExecutionContext) -> int:
        return 1

    @dg.op
    def add(context: dg.OpExecutionContext, left: int, right: int) -> int:
        assert left + right == 2
        return 2

    @dg.job(executor_def=threads, hooks={hear}, resource_defs={"io_manager": dg.mem_io_manager})
    def trial() -> None:
        add(one.alias("left")(), one.alias("right")())

    assert _run(instance, trial)[0] == dg.DagsterRunStatus.SUCCESS
    assert sorted(heard) == ["add", "left", "right"]


@pytest.mark.parametrize("wait", [None, 1.0])
def test_a_step_is_tried_again_while_others_go_on(instance: dg.DagsterInstance, wait: float | None) -> None:
    tried: list[float] = []
    again = threading.Event()

    def flaky(context: dg.OpExecutionContext) -> None:
        tried.append(time.monotonic())
        if context.retry_number < 1:
            raise dg.RetryRequested(max_retries=2, seconds_to_wait=wait)
        again.set()

    def long(_context: dg.OpExecutionContext) -> None:
        assert again.wait(PATIENCE), "the retry waited for the neighbour"

    with patch("time.sleep", wraps=time.sleep) as slept:
        status, events = _run(instance, _job({"flaky": flaky, "long": long}))
    assert status == dg.DagsterRunStatus.SUCCESS
    assert ("flaky", "STEP_RESTARTED") in events
    assert tried[1] - tried[0] >= (wait or 0)
    assert slept.call_count < 20


def test_waiting_for_a_retry_burns_no_processor(instance: dg.DagsterInstance) -> None:
    def flaky(context: dg.OpExecutionContext) -> None:
        if context.retry_number < 1:
            raise dg.RetryRequested(max_retries=1, seconds_to_wait=1.2)

    turns = 0
    stop = module._Steps._is_to_stop

    def counted(steps: module._Steps) -> bool:
        nonlocal turns
        turns += 1
        return stop(steps)

    with patch.object(module._Steps, "_is_to_stop", counted):
        assert _run(instance, _job({"flaky": flaky}))[0] == dg.DagsterRunStatus.SUCCESS
    assert turns < 60


def test_retries_end(instance: dg.DagsterInstance) -> None:
    def never(context: dg.OpExecutionContext) -> None:
        raise dg.RetryRequested(max_retries=2)

    status, events = _run(instance, _job({"never": never, "good": _nothing}))
    assert status == dg.DagsterRunStatus.FAILURE
    assert events.count(("never", "STEP_UP_FOR_RETRY")) == 2
    assert ("good", "STEP_SUCCESS") in events


def test_a_thread_that_breaks_down_does_not_hang_the_run(instance: dg.DagsterInstance) -> None:
    real = dagster_event_sequence_for_step

    def broken(context: StepExecutionContext) -> Iterator[dg.DagsterEvent]:
        if context.step.key == "bad":
            raise OSError("no space left")
        yield from real(context)

    steps: dict[str, Step] = {"bad": _nothing, "below": _nothing, "good": _nothing, "end": _nothing}
    job = _job(steps, {"below": ["bad"], "end": ["good"]})
    with patch.object(module, "dagster_event_sequence_for_step", broken):
        status, events = _run(instance, job)
    assert status == dg.DagsterRunStatus.FAILURE
    assert {step for step, kind in events if kind == "STEP_SUCCESS"} == {"good", "end"}
    run_id = instance.get_runs(limit=1)[0].run_id
    broke = [entry for entry in instance.all_logs(run_id) if "thread of step bad broke down" in (entry.message or "")]
    assert "no space left" in str(broke[0].get_dagster_event().engine_event_data.error)


def test_a_caller_that_wants_errors_raised_gets_the_first(instance: dg.DagsterInstance) -> None:
    with pytest.raises(ValueError, match="of the step"):
        dg.execute_job(dg.reconstructable(_failing), instance, raise_on_error=True)


def _failing() -> dg.JobDefinition:
    def fail(_context: dg.OpExecutionContext) -> None:
        raise ValueError("of the step")

    return _job({"bad": fail, "good": _nothing})


class _Long:
    """A step that ends only when it is let go, and notes that it has."""

    def __init__(self) -> None:
        self.begun, self.let_go, self.ended = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, _context: dg.OpExecutionContext) -> None:
        self.begun.set()
        assert self.let_go.wait(PATIENCE)
        self.ended.set()


def _when_begun(long: _Long, act: Callable[[], object], let_go_after: float = 1.0) -> threading.Thread:
    def watch() -> None:
        assert long.begun.wait(PATIENCE)
        act()
        time.sleep(let_go_after)
        long.let_go.set()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def test_an_interrupt_lets_the_request_end_and_starts_nothing_new(instance: dg.DagsterInstance) -> None:
    long = _Long()
    watcher = _when_begun(long, lambda: os.kill(os.getpid(), signal.SIGINT))
    status, events = _run(instance, _job({"long": long, "next": _nothing}, {"next": ["long"]}))
    watcher.join()
    assert long.ended.is_set()
    assert status == dg.DagsterRunStatus.FAILURE  # nobody asked for its end on the screen
    assert ("long", "STEP_SUCCESS") in events
    assert ("next", "STEP_START") not in events


def test_a_run_that_is_cancelled_on_the_screen_ends_as_cancelled(instance: dg.DagsterInstance) -> None:
    long = _Long()

    def cancel() -> None:
        instance.report_run_canceling(instance.get_runs(limit=1)[0])

    watcher = _when_begun(long, cancel)
    with patch.object(module, "ASK_SECONDS", 0.1):
        status, events = _run(instance, _job({"long": long, "next": _nothing}, {"next": ["long"]}))
    watcher.join()
    assert long.ended.is_set()
    assert status == dg.DagsterRunStatus.CANCELED
    assert ("next", "STEP_START") not in events


def test_a_step_of_many_requests_can_end_between_two(instance: dg.DagsterInstance) -> None:
    begun = threading.Event()

    def pages(_context: dg.OpExecutionContext) -> None:
        begun.set()
        for _ in range(int(PATIENCE * 100)):
            raise_if_stopping()
            time.sleep(0.01)

    def interrupt() -> None:
        assert begun.wait(PATIENCE)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    started = time.monotonic()
    status, events = _run(instance, _job({"pages": pages}))
    assert time.monotonic() - started < PATIENCE / 2
    assert status == dg.DagsterRunStatus.FAILURE
    assert ("pages", "STEP_FAILURE") in events
    raise_if_stopping()  # harmless outside a step


def test_an_interrupt_cuts_the_wait_for_a_retry_short(instance: dg.DagsterInstance) -> None:
    failed = threading.Event()

    def flaky(_context: dg.OpExecutionContext) -> None:
        failed.set()
        raise dg.RetryRequested(max_retries=1, seconds_to_wait=600)

    def interrupt() -> None:
        assert failed.wait(PATIENCE)
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)

    before = set(threading.enumerate())
    interrupting = threading.Thread(target=interrupt, daemon=True)
    interrupting.start()
    assert _run(instance, _job({"flaky": flaky}))[0] == dg.DagsterRunStatus.FAILURE
    interrupting.join()
    assert [thread for thread in threading.enumerate() if thread not in before] == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, dg.DagsterExecutionInterruptedError])
def test_an_exception_in_the_main_thread_waits_for_the_threads(
    instance: dg.DagsterInstance, error: type[BaseException]
) -> None:
    long = _Long()
    real = module._Steps._is_to_stop

    def raising(steps: module._Steps) -> bool:
        if long.begun.is_set():
            long.let_go.set()
            raise error
        return real(steps)

    with patch.object(module._Steps, "_is_to_stop", raising):
        status, _ = _run(instance, _job({"long": long}))
    assert long.ended.is_set()
    assert status == dg.DagsterRunStatus.FAILURE
