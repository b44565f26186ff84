"""The landing zone: any dlt source read to its end, judged in bulk, and kept as append-only Parquet with a ledger.

`loading` is the way in, `views` the way out. What lies between: `extraction` (dlt reads), `judge` (types, tokens,
quarantine, by what `columns` says of the declared tables), `writer` (dlt writes), `ledger` and `compaction`.
"""
