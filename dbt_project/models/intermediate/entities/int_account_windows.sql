-- grain: source_instance x network x id_scope x account_id x window_end x window_days x observed_at
{{ entity('account_windows') }}
