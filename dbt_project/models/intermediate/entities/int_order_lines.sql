-- grain: source_instance x order_id x line_id
{{ entity('order_lines') }}
