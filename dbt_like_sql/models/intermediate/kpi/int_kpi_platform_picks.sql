-- months of each platform: its accounts added up, or csv history
with parts as (
    select
        picks.client,
        picks.kpi,
        'platform=' || series.platform as scope,
        series.scope as unit,
        series.adds_over_sources,
        picks.month,
        picks.is_present,
        picks.value,
        picks.numerator,
        picks.denominator,
        picks.observed_share,
        picks.is_estimated,
        picks.is_closed,
        picks.closes_on,
        picks.is_history,
        picks.note_codes,
        picks.data_through_on
    from {{ ref('int_kpi_source_picks') }} as picks
    inner join {{ ref('int_kpi_series') }} as series
        on
            picks.client = series.client
            and picks.kpi = series.kpi
            and picks.scope = series.scope
    where series.platform is not null
),

own as (
    {{ combined_units('parts') }}
)

{{ own_or_history('own', "like 'platform=%'") }}
