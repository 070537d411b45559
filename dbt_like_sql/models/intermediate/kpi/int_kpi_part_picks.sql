-- months of each part that web sources tell apart, an event or a channel: the sources added up, or csv history
with parts as (
    select
        months.client,
        {{ kpi_of('months.kpi') }} as kpi,
        {{ part_of('months.kpi') }} as scope,
        months.scope as unit,
        months.adds_over_sources,
        months.month,
        months.is_present,
        months.value,
        months.numerator,
        months.denominator,
        months.observed_share,
        months.is_estimated,
        months.is_closed,
        months.closes_on,
        false as is_history,
        months.note_codes,
        months.data_through_on
    from {{ ref('int_kpi_source_months') }} as months
    inner join {{ ref('int_kpi_series') }} as series
        on
            months.client = series.client
            and months.kpi = series.kpi
            and months.scope = series.scope
    where
        series.counted_by is null
        and {{ is_part('months.kpi') }}
),

own as (
    {{ combined_units('parts') }}
)

{{ own_or_history('own', "not like 'source=%' and scope not like 'platform=%' and scope <> 'all'") }}
