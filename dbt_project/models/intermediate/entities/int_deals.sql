-- grain: source_instance x deal_id
{{ entity('deals') }}
