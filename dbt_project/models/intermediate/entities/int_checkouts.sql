-- grain: source_instance x checkout_id
{{ entity('checkouts') }}
