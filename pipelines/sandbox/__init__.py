"""A simulated world behind the vendors' own HTTP APIs, so that the whole job runs without a credential.

`prepare` makes a home for it, `python -m pipelines.sandbox` serves it. Its truth is written where only tests read.
"""

from pipelines.sandbox.options import WorldOptions
from pipelines.sandbox.prepare import prepare

__all__ = ["WorldOptions", "prepare"]
