-- grain: source_instance x network x id_scope x object_type x network_metric x observed_at
{{ entity('metric_status') }}
