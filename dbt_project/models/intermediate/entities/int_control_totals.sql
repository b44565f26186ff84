-- grain: source_instance x total_of x day x currency x source_file
{{ entity('control_totals') }}
