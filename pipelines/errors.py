"""Errors that a person can act on: one line that says what, where and what to do."""


class PipelineError(Exception):
    """Base of everything that Voxhouse raises on purpose; `str()` is the one line that users see."""

    def __init__(self, what: str, where: str, remedy: str) -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(f"{where}: {what}; {remedy}")


class ConfigError(PipelineError):
    """The configuration cannot be used as it is."""


class TransientError(PipelineError):
    """May go away by itself: worth a retry."""


class TerminalError(PipelineError):
    """Will not go away by itself: never retried."""
