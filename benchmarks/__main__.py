"""`python -m benchmarks`: landing against its floor, then the stages of the demo job."""

from benchmarks import job, landing

landing.measure()
job.measure()
