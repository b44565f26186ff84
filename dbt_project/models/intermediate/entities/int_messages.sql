-- grain: source_instance x network x id_scope x message_id
{{ entity('messages') }}
