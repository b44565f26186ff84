-- grain: source_instance x record_type x customer_id
{{ entity('persons') }}
