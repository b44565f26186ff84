"""The simulated world: a pure function of its options. Nothing here knows of HTTP, files or the warehouse."""
