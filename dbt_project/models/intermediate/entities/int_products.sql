-- grain: source_instance x product_id
{{ entity('products') }}
