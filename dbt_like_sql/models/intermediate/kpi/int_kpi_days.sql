-- figures that add up over days, on the days that were observed; a day without a row is 0 only where that says zero
with page_histories as (
    select
        client,
        source,
        min(day) as begins_on
    from {{ ref('int_stream_days') }}
    where
        stream = 'web_pages_daily'
        and not is_before_opening
    group by client, source
),

-- days whose figure of one KPI can't be given, though the others of its stream can
without_figure as (
    select distinct
        doubts.client,
        doubts.source,
        doubts.stream,
        doubts.kpi,
        days.day
    from (
        select
            client,
            source,
            stream,
            from_on,
            to_on,
            unnest(kpis) as kpi
        from {{ ref('int_source_doubts') }}
        where moves = 'no_value'
    ) as doubts
    inner join {{ ref('int_days') }} as days
        on
            doubts.client = days.client
            and days.day between doubts.from_on and doubts.to_on
),

observed as (
    select
        series.client,
        series.kpi,
        series.source,
        days.day,
        days.is_before_opening,
        figures.value,
        figures.client is null and (series.is_zero_by_absence or days.is_before_opening) as is_zero,
        coalesce(figures.is_estimated, false) as is_estimated,
        coalesce(figures.is_split_over_months, false) as is_split_over_months,
        coalesce(figures.is_partial, false) as is_partial
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_stream_days') }} as days
        on
            series.client = days.client
            and series.source = days.source
            and series.stream = days.stream
    left join {{ ref('int_kpi_day_figures') }} as figures
        on
            series.client = figures.client
            and series.kpi = figures.kpi
            and series.source = figures.source
            and series.stream = figures.stream
            and days.day = figures.day
    left join page_histories
        on
            series.client = page_histories.client
            and series.source = page_histories.source
    left join without_figure
        on
            series.client = without_figure.client
            and series.source = without_figure.source
            and series.stream = without_figure.stream
            and {{ kpi_of('series.kpi') }} = without_figure.kpi
            and days.day = without_figure.day
    where
        series.kind = 'flow'
        and series.adds_over_time
        and (without_figure.day is null or days.is_before_opening)
        -- the difference of two stocks, which no day gives
        and series.kpi <> 'new_followers'
        and (days.is_before_opening or days.day >= coalesce(series.counted_from_on, days.day))
        -- where first views stand for publications, the first days of a history can't tell them
        and (
            series.kpi <> 'blog_posts'
            or series.stream <> 'web_pages_daily'
            or days.is_before_opening
            or days.day >= page_histories.begins_on + {{ var('unknown_publication_days') }}
        )
)

select
    client,
    kpi,
    source,
    day,
    coalesce(value, 0.0) as value,
    is_before_opening,
    is_estimated,
    is_split_over_months,
    is_partial
from observed
where
    value is not null
    or is_zero
