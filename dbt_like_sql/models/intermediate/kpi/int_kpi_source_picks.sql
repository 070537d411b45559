-- months of each source, its own or from csv history
with own as (
    select
        client,
        kpi,
        scope,
        month,
        is_present,
        value,
        numerator,
        denominator,
        observed_share,
        is_estimated,
        is_closed,
        closes_on,
        false as is_history,
        note_codes,
        data_through_on
    from {{ ref('int_kpi_source_months') }}
    where not {{ is_part('kpi') }}
)

{{ own_or_history('own', "like 'source=%'") }}
