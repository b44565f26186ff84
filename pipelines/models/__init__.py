"""Statistical models as pure functions over Arrow tables; their results land like a source's."""
