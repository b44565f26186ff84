"""`python -m benchmarks`: landing against its floor, a landing zone of many loads, the event log, then the demo job."""

from benchmarks import event_log, job, landing, ledger

landing.measure()
ledger.measure()
event_log.measure()
job.measure()
