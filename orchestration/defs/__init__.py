"""Assets, checks, jobs and schedules, one concept a module; logic lives in the modules above this folder."""
