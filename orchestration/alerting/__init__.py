"""The one way by which a failure reaches a person: a line, by log, e-mail and webhook. Nothing of Dagster's."""
