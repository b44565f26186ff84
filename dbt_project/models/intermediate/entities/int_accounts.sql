-- grain: source_instance x network x id_scope x account_id x observed_at
{{ entity('accounts') }}
