-- days from the client's csv files: own KPIs, and history in the months that are history's
with csv_days as (
    select
        metrics.client,
        metrics.kpi,
        metrics.scope,
        metrics.period_start_on as day,
        coalesce(metrics.numerator / nullif(metrics.denominator, 0), metrics.value) as value,
        kpis.is_own,
        row_number() over (
            partition by metrics.client, metrics.kpi, metrics.scope, metrics.period_start_on
            order by metrics.source
        ) as rank
    from {{ ref('stg_raw__own_metrics') }} as metrics
    inner join {{ ref('int_sources') }} as sources
        on
            metrics.client = sources.client
            and metrics.source = sources.source
    inner join {{ ref('stg_config__kpis') }} as kpis
        on
            metrics.client = kpis.client
            and metrics.kpi = kpis.kpi
            and (not kpis.is_own or metrics.source = kpis.source)
    inner join {{ ref('stg_config__clients') }} as clients
        on metrics.client = clients.client
    where
        metrics.grain = 'day'
        -- a file may hold days to come: today's night knows nothing after yesterday
        and metrics.period_start_on < clients.as_of
)

select
    csv_days.client,
    csv_days.kpi,
    csv_days.scope,
    csv_days.day,
    csv_days.value,
    csv_days.is_own
from csv_days
left join {{ ref('int_kpi_scope_months') }} as months
    on
        csv_days.client = months.client
        and csv_days.kpi = months.kpi
        and csv_days.scope = months.scope
        and date_trunc('month', csv_days.day) = months.month
        and months.origin = 'history'
where
    csv_days.rank = 1
    and csv_days.value is not null
    and (csv_days.is_own or months.client is not null)
