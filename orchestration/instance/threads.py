"""An executor for steps that wait for a network: they run side by side in threads of the run's process.

Another process costs 5 s of imports, and the in-process executor does one step at a time. What it cannot do: threads
share one standard output, so steps' output is not captured; and it does not claim pools.

A thread cannot be interrupted. Once the run is to end, nothing new starts, steps that run end by themselves or where
they call `raise_if_stopping`, and then the run ends as interrupted.
"""
# No postponed annotations: Dagster reads those of the decorated function.

import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.events import EngineEventData
from dagster._core.execution.api import ExecuteRunWithPlanIterable
from dagster._core.execution.context.system import (
    PlanExecutionContext,
    PlanOrchestrationContext,
    StepExecutionContext,
)
from dagster._core.execution.context_creation_job import PlanExecutionContextManager
from dagster._core.execution.plan.active import ActiveExecution
from dagster._core.execution.plan.execute_plan import _trigger_hook, dagster_event_sequence_for_step
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.plan.step import ExecutionStep
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.base import Executor
from dagster._utils.error import serializable_error_info_from_exc_info

SIDE_BY_SIDE = 4
LOOK_SECONDS = 0.5
"""Between looks for an interrupt, which the waiting for a thread's events does not end."""
ASK_SECONDS = 5.0
"""Between questions whether the run is to be cancelled: one of the command line is told by nothing else."""

_Said = dg.DagsterEvent | BaseException | None
_INTERRUPTS = (KeyboardInterrupt, DagsterExecutionInterruptedError)
_of_this_thread = threading.local()


def raise_if_stopping() -> None:
    """For steps of many requests, between two: raises DagsterExecutionInterruptedError once their run is to end."""
    stop: threading.Event | None = getattr(_of_this_thread, "stop", None)
    if stop is not None and stop.is_set():
        raise DagsterExecutionInterruptedError("The run is to end.")


class _Steps:
    """The steps of one run: which wait, which run in a thread, and what those said."""

    def __init__(
        self, context: PlanExecutionContext, active: ActiveExecution, pool: ThreadPoolExecutor, *, count: int
    ) -> None:
        self._context, self._active, self._pool, self._count = context, active, pool, count
        self._running: set[str] = set()
        # Told only when the thread has ended: the next attempt would be taken for the one that ends.
        self._again: dict[str, dg.DagsterEvent] = {}
        self._said: queue.SimpleQueue[tuple[str, _Said]] = queue.SimpleQueue()
        self._ask_at = time.monotonic() + ASK_SECONDS
        self._fatal: BaseException | None = None
        self.stop = threading.Event()

    def events(self) -> Iterator[dg.DagsterEvent]:
        """Until all is done or the run is to end; then raises DagsterExecutionInterruptedError, or the first error.

        A turn on which nothing runs may still skip steps, and skipping one lets others be skipped: at most a turn a
        step. A plan that makes no turn's progress is left incomplete, for which `ActiveExecution` raises.
        """
        idle_turns = 0
        while not self._active.is_complete and not self._is_to_stop() and idle_turns <= self._count:
            self._start_ready()
            yield from self._active.plan_events_iterator(self._context)
            if self._running:
                yield from self._listen()
            idle_turns = 0 if self._running or self._waited_for_retry() else idle_turns + 1
        while self._running:
            yield from self._listen()
        if self._fatal is not None:
            raise self._fatal
        if self.stop.is_set():
            self._active.mark_interrupted()
            raise DagsterExecutionInterruptedError

    def _is_to_stop(self) -> bool:
        if self._active.check_for_interrupts():
            self.stop.set()
        elif time.monotonic() >= self._ask_at:
            self._ask_at = time.monotonic() + ASK_SECONDS
            run = self._context.instance.get_run_by_id(self._context.run_id)
            if run is not None and run.status == dg.DagsterRunStatus.CANCELING:
                self.stop.set()
        return self.stop.is_set()

    def _start_ready(self) -> None:
        for step in self._active.get_steps_to_execute(limit=SIDE_BY_SIDE - len(self._running)):
            known = self._active.get_known_state()
            # The set is the one that goes on growing here while the thread reads.
            context = self._context.for_step(step, known._replace(ready_outputs=set(known.ready_outputs)))
            self._pool.submit(self._work, step, context)
            self._running.add(step.key)

    def _work(self, step: ExecutionStep, context: StepExecutionContext) -> None:
        """In a thread; whatever happens, the loop is told that the step has ended."""
        _of_this_thread.stop = self.stop
        ended_by: BaseException | None = None
        try:
            said = []
            for event in dagster_event_sequence_for_step(context):
                said.append(event)
                self._said.put((step.key, event))
            for event in _trigger_hook(context, said):
                self._said.put((step.key, event))
        except BaseException as error:  # noqa: BLE001 - the loop decides what becomes of it
            ended_by = error
        finally:
            self._said.put((step.key, ended_by))

    def _listen(self) -> Iterator[dg.DagsterEvent]:
        """What a thread says next, nothing when it is time to look around."""
        self._is_to_stop()
        until_retry = self._seconds_to_retry() or LOOK_SECONDS
        try:
            key, said = self._said.get(timeout=min(LOOK_SECONDS, max(until_retry, 0.01)))
        except queue.Empty:
            return
        if isinstance(said, dg.DagsterEvent):
            yield said
            if said.is_step_up_for_retry:
                self._again[key] = said
            else:
                self._active.handle_event(said)
            return
        self._running.discard(key)
        if key in self._again:
            self._active.handle_event(self._again.pop(key))
        if isinstance(said, _INTERRUPTS):
            self.stop.set()
        elif said is not None:
            yield from self._broke(key, said)
        self._active.verify_complete(self._context, key)

    def _broke(self, key: str, error: BaseException) -> Iterator[dg.DagsterEvent]:
        """A step's own failure is an event; this is what the code around it raised. The others go on."""
        if self._context.raise_on_error:
            self._fatal = self._fatal or error
            self.stop.set()
            return
        info = serializable_error_info_from_exc_info((type(error), error, error.__traceback__))  # type: ignore[arg-type]
        yield dg.DagsterEvent.engine_event(
            self._context, f"The thread of step {key} broke down", EngineEventData.engine_error(info)
        )

    def _waited_for_retry(self) -> bool:
        """Whether some step's time is still to come; the wait is cut short to look around."""
        seconds = self._seconds_to_retry()
        if seconds > 0:
            time.sleep(min(seconds, LOOK_SECONDS))
        return bool(seconds)

    def _seconds_to_retry(self) -> float:
        """Until the first step's next attempt, less than 0 when it is due, 0 when none waits for one."""
        return float(self._active.sleep_interval())  # type: ignore[no-untyped-call]


def _steps_in_threads(job_context: PlanExecutionContext, execution_plan: ExecutionPlan) -> Iterator[dg.DagsterEvent]:
    with (
        execution_plan.start(retry_mode=job_context.retry_mode) as active,
        ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="step") as pool,
    ):
        steps = _Steps(job_context, active, pool, count=len(execution_plan.step_keys_to_execute))
        try:
            yield from steps.events()
        finally:
            steps.stop.set()


class ThreadExecutor(Executor):
    """Runs what is ready, a thread a step, `SIDE_BY_SIDE` at a time."""

    @property
    def retries(self) -> RetryMode:
        """Steps may ask to be tried again."""
        return RetryMode.ENABLED

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        """The plan's events, as they come; raises DagsterExecutionInterruptedError once running steps have ended."""
        yield from ExecuteRunWithPlanIterable(
            execution_plan=execution_plan,
            iterator=_steps_in_threads,
            execution_context_manager=PlanExecutionContextManager(
                job=plan_context.job,
                retry_mode=plan_context.retry_mode,
                execution_plan=execution_plan,
                run_config=plan_context.run_config,
                dagster_run=plan_context.dagster_run,
                instance=plan_context.instance,
                raise_on_error=plan_context.raise_on_error,
                output_capture=plan_context.output_capture,
            ),
        )


@dg.executor(name="threads")
def threads(_context: dg.InitExecutorContext) -> Executor:
    """Independent steps side by side, in one process."""
    return ThreadExecutor()
