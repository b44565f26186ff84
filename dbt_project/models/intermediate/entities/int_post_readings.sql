-- grain: source_instance x network x id_scope x post_id x observed_at
{{ entity('post_readings') }}
