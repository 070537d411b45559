-- what the client's csv files give for a month or a day, with ratios of their own figures; files are merged row by row
{% set row_columns = [
    'client', 'source', 'kpi', 'scope', 'grain', 'period_start_on', 'value', 'numerator',
    'denominator'
] %}

with given_rows as (
    select
        client,
        source,
        kpi,
        scope,
        grain,
        period_start_on,
        value,
        numerator,
        denominator
    from {{ ref('stg_raw__own_metrics') }}
),

-- a ratio declared as one figure of its file over another
divided as (
    select
        kpis.client,
        kpis.source,
        kpis.kpi,
        tops.scope,
        tops.grain,
        tops.period_start_on,
        tops.value as numerator,
        bottoms.value as denominator
    from {{ ref('stg_config__kpis') }} as kpis
    inner join given_rows as tops
        on
            kpis.client = tops.client
            and kpis.source = tops.source
            and kpis.numerator_kpi = tops.kpi
    inner join given_rows as bottoms
        on
            tops.client = bottoms.client
            and tops.source = bottoms.source
            and tops.scope = bottoms.scope
            and tops.grain = bottoms.grain
            and tops.period_start_on = bottoms.period_start_on
            and kpis.denominator_kpi = bottoms.kpi
    left join given_rows as itself
        on
            tops.client = itself.client
            and tops.source = itself.source
            and tops.scope = itself.scope
            and tops.grain = itself.grain
            and tops.period_start_on = itself.period_start_on
            and kpis.kpi = itself.kpi
    where
        kpis.kind = 'ratio'
        and itself.client is null
),

all_rows as (
    {{ union_all(
        ['given_rows', 'divided'],
        row_columns,
        lacking={'divided': ['value']},
        absent={'value': 'cast(null as double)'},
    ) }}
),

answers as (
    select
        metrics.client,
        metrics.source,
        metrics.kpi,
        metrics.scope,
        metrics.grain,
        metrics.period_start_on,
        cast(date_trunc('month', metrics.period_start_on) as date) as month,
        metrics.value,
        metrics.numerator,
        metrics.denominator,
        kpis.kind,
        kpis.is_own,
        kpis.adds_over_time,
        kpis.closing_days,
        date_trunc('month', metrics.period_start_on) = date_trunc('month', clients.as_of) as is_running,
        clients.as_of,
        coalesce(metrics.numerator / nullif(metrics.denominator, 0), metrics.value) as answer
    from all_rows as metrics
    -- what a file gave under an id that another kind of source has now has left with it
    inner join {{ ref('int_sources') }} as sources
        on
            metrics.client = sources.client
            and metrics.source = sources.source
            and sources.category = 'own'
    inner join {{ ref('stg_config__kpis') }} as kpis
        on
            metrics.client = kpis.client
            and metrics.kpi = kpis.kpi
            and (not kpis.is_own or metrics.source = kpis.source)
    inner join {{ ref('stg_config__clients') }} as clients
        on metrics.client = clients.client
    where
        coalesce(metrics.value, metrics.numerator) is not null
        -- a file may hold days to come: today's night knows nothing after yesterday
        and (metrics.grain = 'month' or metrics.period_start_on < clients.as_of)
),

-- the same question in two files is answered once, where they give the same answer
ranked as (
    select
        *,
        row_number() over (
            partition by client, kpi, scope, grain, period_start_on
            order by answer is null, source
        ) as file_rank,
        max(source) over (partition by client, kpi, scope, grain, period_start_on) as other_source,
        -- a ratio of nothing to nothing is no answer, and contradicts none
        coalesce(
            min(answer) over (partition by client, kpi, scope, grain, period_start_on)
            < max(answer) over (partition by client, kpi, scope, grain, period_start_on),
            false
        ) as is_contradicted
    from answers
)

select
    client,
    source,
    kpi,
    scope,
    grain,
    period_start_on,
    month,
    -- two answers are none
    case when not is_contradicted then value end as value,
    case when not is_contradicted then numerator end as numerator,
    case when not is_contradicted then denominator end as denominator,
    kind,
    is_own,
    adds_over_time,
    closing_days,
    is_running,
    as_of,
    case when is_contradicted then other_source end as contradicted_by
from ranked
where file_rank = 1
