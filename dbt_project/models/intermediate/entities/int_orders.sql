-- grain: source_instance x order_id
{{ entity('orders') }}
