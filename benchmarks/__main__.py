"""`python -m benchmarks`: landing against its floor, a landing zone of many loads, then the stages of the demo job."""

from benchmarks import job, landing, ledger

landing.measure()
ledger.measure()
job.measure()
