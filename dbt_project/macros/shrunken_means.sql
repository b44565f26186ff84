{% macro shrunken_means(relation, groups, value) -%}
select
    group_means.account_key,
    {% for column in groups %}group_means.{{ column }},
    {% endfor -%}
    group_means.posts_count,
    variances.variance_between,
    group_means.mean_value * variances.variance_between
    / nullif(variances.variance_between + variances.variance_within / group_means.posts_count, 0) as effect,
    variances.variance_between * (variances.variance_within / group_means.posts_count)
    / nullif(variances.variance_between + variances.variance_within / group_means.posts_count, 0) as effect_variance
from (
    select
        account_key,
        {{ groups | join(', ') }},
        cast(count(*) as bigint) as posts_count,
        {{ avg_exact(value) }} as mean_value
    from {{ relation }}
    group by account_key, {{ groups | join(', ') }}
) as group_means
inner join (
    select
        account_key,
        variance_within,
        greatest(
            (between_squares - (groups_count - 1) * variance_within)
            / nullif(posts_count - posts_squared / posts_count, 0),
            variance_within * sqrt(2 * (groups_count - 1)) / posts_count
        ) as variance_between
    from (
        select
            group_sums.account_key,
            sum(group_sums.posts_count) as posts_count,
            sum(group_sums.posts_count * group_sums.posts_count) as posts_squared,
            cast(count(*) as double) as groups_count,
            {{ sum_exact('group_sums.posts_count * group_sums.mean_value * group_sums.mean_value') }}
                as between_squares,
            (
                {{ sum_exact('group_sums.sum_of_squares') }}
                - {{ sum_exact('group_sums.posts_count * group_sums.mean_value * group_sums.mean_value') }}
            ) / nullif(cast(sum(group_sums.posts_count) - count(*) as double), 0) as variance_within
        from (
            select
                account_key,
                cast(count(*) as double) as posts_count,
                {{ avg_exact(value) }} as mean_value,
                {{ sum_exact(value ~ ' * ' ~ value) }} as sum_of_squares
            from {{ relation }}
            group by account_key, {{ groups | join(', ') }}
        ) as group_sums
        group by group_sums.account_key
    ) as moments
) as variances
    on group_means.account_key = variances.account_key
{%- endmacro %}
