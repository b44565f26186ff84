-- grain: source_instance x network x id_scope x post_id
{{ entity('posts') }}
