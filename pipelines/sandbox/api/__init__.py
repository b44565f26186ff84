"""The vendors' HTTP APIs over a scene: pure functions from request to answer."""
