-- months of each part that web sources tell apart, an event or a channel: the sources added up, or csv history
with parts as (
    select
        client,
        {{ kpi_of('kpi') }} as kpi,
        {{ part_of('kpi') }} as scope,
        scope as unit,
        adds_over_sources,
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
    where {{ is_part('kpi') }}
),

own as (
    {{ combined_units('parts') }}
)

{{ own_or_history('own', "not like 'source=%' and scope not like 'platform=%' and scope <> 'all'") }}
