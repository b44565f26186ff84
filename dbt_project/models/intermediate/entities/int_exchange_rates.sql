-- grain: source_instance x rate_on x currency
{{ entity('exchange_rates') }}
