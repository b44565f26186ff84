-- grain: source_instance x record_type x merged_id
{{ entity('person_merges') }}
