"""A first `drop.yml` out of people's own files, and what a drop would land: by guesses that say why, nothing sent."""
