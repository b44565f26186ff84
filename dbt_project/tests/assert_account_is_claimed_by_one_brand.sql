-- Accounts that two brands claim by the same means: which of them gets it is chance. Name it under accounts of one brand.
{{ config(severity='warn') }}
select
    network,
    account_id,
    brand_id,
    claimed_by
from {{ ref('int_accounts_assigned') }}
where claimed_by is not null
