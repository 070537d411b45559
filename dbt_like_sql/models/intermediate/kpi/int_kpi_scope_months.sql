-- the months of every KPI in every scope, the clients' own KPIs too
{% set columns = [
    'client', 'kpi', 'scope', 'month', 'value', 'numerator', 'denominator', 'observed_share',
    'is_estimated', 'is_closed', 'closes_on', 'is_history', 'note_codes', 'data_through_on'
] %}

with own_spans as (
    select
        client,
        kpi,
        scope,
        min(month) as first_month
    from {{ ref('int_csv_months') }}
    where is_own
    group by client, kpi, scope
),

-- databases whose days begin an hour off in half the year
zoneless as (
    select distinct
        client,
        source
    from {{ ref('int_source_doubts') }}
    where code = 'fixed_offset'
),

own as (
    select
        spans.client,
        spans.kpi,
        spans.scope,
        calendar.month,
        figures.value,
        figures.numerator,
        figures.denominator,
        coalesce(figures.observed_share, 0.0) as observed_share,
        coalesce(figures.is_scaled and figures.value is not null, false) as is_estimated,
        coalesce(figures.is_closed, false) as is_closed,
        cast(calendar.ends_on + kpis.closing_days * interval '1 day' as date) as closes_on,
        false as is_history,
        case
            when figures.client is null then [{{ note('no_csv_row', 'null') }}]
            when zoneless.client is not null
                then list_concat(
                    figures.note_codes,
                    [{{ note('doubt_fixed_offset', "'source=' || figures.source") }}]
                )
            else figures.note_codes
        end as note_codes,
        figures.data_through_on
    from own_spans as spans
    inner join {{ ref('int_months') }} as calendar
        on
            spans.client = calendar.client
            and spans.first_month <= calendar.month
    inner join {{ ref('stg_config__kpis') }} as kpis
        on
            spans.client = kpis.client
            and spans.kpi = kpis.kpi
    left join {{ ref('int_csv_months') }} as figures
        on
            spans.client = figures.client
            and spans.kpi = figures.kpi
            and spans.scope = figures.scope
            and calendar.month = figures.month
            and figures.is_own
    left join zoneless
        on
            figures.client = zoneless.client
            and figures.source = zoneless.source
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
