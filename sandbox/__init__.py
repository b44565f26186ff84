"""A simulated world behind the vendors' own HTTP APIs, so that the whole job runs without a credential.

`prepare` makes a home for it, `python -m sandbox` serves it, `control` changes it. Its truth is written where only
tests read. A vendor is a folder of `sandbox/api`.
"""

from sandbox.client import RefusedError, control
from sandbox.options import WorldOptions
from sandbox.prepare import prepare

__all__ = ["RefusedError", "WorldOptions", "control", "prepare"]
