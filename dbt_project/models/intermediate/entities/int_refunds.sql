-- grain: source_instance x refund_id x refund_kind x line_id
{{ entity('refunds') }}
