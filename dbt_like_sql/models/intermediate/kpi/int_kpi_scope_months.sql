-- the months of every KPI in every scope, the clients' own KPIs too
{% set columns = [
    'client', 'kpi', 'scope', 'month', 'value', 'numerator', 'denominator', 'observed_share',
    'is_estimated', 'is_closed', 'closes_on', 'is_history', 'note_codes', 'data_through_on'
] %}

with own_spans as (
    select
        months.client,
        months.kpi,
        months.scope,
        sources.source,
        sources.opened_on,
        sources.as_of,
        min(months.month) as first_month
    from {{ ref('int_csv_months') }} as months
    inner join {{ ref('stg_config__kpis') }} as kpis
        on
            months.client = kpis.client
            and months.kpi = kpis.kpi
    left join {{ ref('int_sources') }} as sources
        on
            kpis.client = sources.client
            and kpis.source = sources.source
    where months.is_own
    group by months.client, months.kpi, months.scope, sources.source, sources.opened_on, sources.as_of
),

-- from the first row on, and before it where the file says when it began
own_months as (
    select
        spans.client,
        spans.kpi,
        spans.scope,
        spans.source,
        calendar.month,
        cast(calendar.ends_on + kpis.closing_days * interval '1 day' as date) as closes_on,
        calendar.ends_on,
        kpis.kind,
        spans.as_of,
        coalesce(spans.opened_on > calendar.ends_on, false) as is_before_opening
    from own_spans as spans
    inner join {{ ref('int_months') }} as calendar
        on
            spans.client = calendar.client
            and (spans.first_month <= calendar.month or spans.opened_on is not null)
    inner join {{ ref('stg_config__kpis') }} as kpis
        on
            spans.client = kpis.client
            and spans.kpi = kpis.kpi
),

-- databases whose days begin an hour off in half the year
zoneless as (
    select distinct
        client,
        source
    from {{ ref('int_source_doubts') }}
    where code = 'fixed_offset'
),

own_given as (
    select
        months.client,
        months.kpi,
        months.scope,
        months.source,
        months.month,
        months.closes_on,
        months.ends_on,
        months.kind,
        months.as_of,
        -- what is given of a month before the opening goes before what is known of it
        months.is_before_opening and figures.client is null as is_nothing,
        figures.client is not null as is_given,
        figures.source as given_by,
        figures.value,
        figures.numerator,
        figures.denominator,
        figures.observed_share,
        figures.is_scaled,
        figures.is_closed,
        figures.note_codes,
        figures.data_through_on
    from own_months as months
    left join {{ ref('int_csv_months') }} as figures
        on
            months.client = figures.client
            and months.kpi = figures.kpi
            and months.scope = figures.scope
            and months.month = figures.month
            and figures.is_own
),

own as (
    select
        given.client,
        given.kpi,
        given.scope,
        given.month,
        case when given.is_nothing and given.kind <> 'ratio' then 0.0 else given.value end as value,
        case when given.is_nothing and given.kind = 'ratio' then 0.0 else given.numerator end as numerator,
        case when given.is_nothing and given.kind = 'ratio' then 0.0 else given.denominator end as denominator,
        case when given.is_nothing then 1.0 else coalesce(given.observed_share, 0.0) end as observed_share,
        coalesce(given.is_scaled and given.value is not null, false) as is_estimated,
        coalesce(given.is_closed, given.is_nothing and given.as_of >= given.closes_on, false) as is_closed,
        given.closes_on,
        false as is_history,
        case
            when given.is_nothing then [{{ note('not_opened', "'source=' || given.source") }}]
            when not given.is_given then [{{ note('no_csv_row', 'null') }}]
            when zoneless.client is not null
                then list_concat(
                    given.note_codes,
                    [{{ note('doubt_fixed_offset', "'source=' || given.given_by") }}]
                )
            else given.note_codes
        end as note_codes,
        case when given.is_nothing then given.ends_on else given.data_through_on end as data_through_on
    from own_given as given
    left join zoneless
        on
            given.client = zoneless.client
            and given.given_by = zoneless.source
),

figures as (
    {{ union_all([
        ref('int_kpi_source_picks'),
        ref('int_kpi_platform_picks'),
        ref('int_kpi_part_picks'),
        ref('int_kpi_all_picks'),
        'own',
    ], columns) }}
)

select
    figures.client,
    figures.kpi,
    figures.scope,
    figures.month,
    -- what a file gives is as it was given, however small
    case when figures.is_history or kpis.is_own then figures.value else round(figures.value, 6) end as value,
    kpis.unit,
    kpis.kind,
    figures.is_closed,
    figures.is_estimated,
    round(figures.observed_share, 6) as observed_share,
    list_concat(
        case
            when medians.median_interactions_28d is not null and figures.value is not null
                then [{{ note('median', 'null', value='medians.median_interactions_28d') }}]
        end,
        figures.note_codes
    ) as note_codes,
    figures.numerator,
    figures.denominator,
    case when figures.value is not null then medians.median_interactions_28d end as median,
    case when figures.is_history then 'history' else 'source' end as origin,
    figures.data_through_on,
    figures.closes_on
from figures
inner join {{ ref('stg_config__kpis') }} as kpis
    on
        figures.client = kpis.client
        and figures.kpi = kpis.kpi
left join {{ ref('int_post_ratio_months') }} as medians
    on
        figures.client = medians.client
        and figures.scope = medians.scope
        and figures.month = medians.month
        and figures.kpi = 'interactions_per_post'
        and not figures.is_history
