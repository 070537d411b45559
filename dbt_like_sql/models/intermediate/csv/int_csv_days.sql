-- days from the client's csv files: own KPIs, and history in the months that are history's
with csv_days as (
    select
        client,
        kpi,
        scope,
        period_start_on as day,
        coalesce(numerator / nullif(denominator, 0), value) as value,
        is_own
    from {{ ref('int_csv_rows') }}
    where grain = 'day'
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
    csv_days.value is not null
    and (csv_days.is_own or months.client is not null)
