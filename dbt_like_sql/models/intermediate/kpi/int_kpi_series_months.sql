-- every KPI of every source in every month of the client's calendar: whether it is closed, and had begun
select
    series.client,
    series.kpi,
    series.source,
    series.platform,
    series.scope,
    series.kind,
    series.adds_over_sources,
    months.month,
    months.is_running,
    closings.closes_on,
    closings.is_closed,
    coalesce(closings.is_so_far, false) as is_so_far,
    coalesce(series.opened_on > months.ends_on, false) as is_before_opening,
    case
        when
            series.opened_on is null
            and series.is_zero_by_absence
            and beginnings.begins_on > months.ends_on
            then beginnings.begins_on
    end as begins_on,
    case when series.counted_from_on > months.month then series.counted_from_on end as counted_from_on,
    case
        when
            series.opened_on is null
            and series.is_zero_by_absence
            -- not where the source keeps no earlier days, or was not asked for any
            and beginnings.begins_on > streams.history_from
            and beginnings.begins_on > months.month
            and beginnings.begins_on <= months.ends_on
            then beginnings.begins_on
    end as began_on,
    series.opened_on is null
    and series.is_zero_by_absence
    and streams.delivery = 'window'
    and beginnings.begins_on is null
    and closings.is_closed as is_unseen
from {{ ref('int_kpi_series') }} as series
inner join {{ ref('int_months') }} as months
    on series.client = months.client
left join {{ ref('int_kpi_closings') }} as closings
    on
        series.client = closings.client
        and series.kpi = closings.kpi
        and series.source = closings.source
        and months.month = closings.month
left join {{ ref('stg_config__streams') }} as streams
    on
        series.client = streams.client
        and series.source = streams.source
        and series.stream = streams.stream
left join {{ ref('int_source_beginnings') }} as beginnings
    on
        series.client = beginnings.client
        and series.source = beginnings.source
        -- what snapshots tell begins with them, however long the account has been there
        and streams.delivery = 'window'
