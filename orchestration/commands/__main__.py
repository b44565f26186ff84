"""`python -m orchestration.commands`."""

from orchestration.commands import main

main()
