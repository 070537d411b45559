-- a month is closed after a successful load at or after its closing day that has read its unsettled days again
with rests_on as (
    select
        client,
        kpi,
        source,
        source as stream_source,
        stream
    from {{ ref('int_kpi_series') }}
    union
    select
        series.client,
        series.kpi,
        series.source,
        web_sources.web_source as stream_source,
        pages.stream
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_blog_web_sources') }} as web_sources
        on
            series.client = web_sources.client
            and series.source = web_sources.source
    -- the figures of a blog that rest on what its web sources see of it
    inner join {{ ref('stg_config__kpi_streams') }} as pages
        on
            series.client = pages.client
            and series.kpi = pages.kpi
            and web_sources.web_source = pages.source
            and pages.stream = 'web_pages_daily'
),

closing_days as (
    select
        series.client,
        series.kpi,
        series.source,
        series.opened_on,
        months.month,
        months.ends_on,
        cast(months.ends_on + series.closing_days * interval '1 day' as date) as closes_on,
        clients.as_of
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_months') }} as months
        on series.client = months.client
    inner join {{ ref('stg_config__clients') }} as clients
        on series.client = clients.client
)

select
    closing_days.client,
    closing_days.kpi,
    closing_days.source,
    closing_days.month,
    closing_days.closes_on,
    bool_and(
        coalesce(
            case
                when closing_days.opened_on > closing_days.ends_on then closing_days.as_of >= closing_days.closes_on
                else
                    streams.last_loaded_on >= closing_days.closes_on
                    and not streams.is_so_far
                    and coalesce(streams.unsettled_since_on >= closing_days.closes_on, true)
            end,
            false
        )
    ) as is_closed,
    bool_or(coalesce(streams.is_so_far, true)) as is_so_far
from closing_days
inner join rests_on
    on
        closing_days.client = rests_on.client
        and closing_days.kpi = rests_on.kpi
        and closing_days.source = rests_on.source
left join {{ ref('int_stream_months') }} as streams
    on
        rests_on.client = streams.client
        and rests_on.stream_source = streams.source
        and rests_on.stream = streams.stream
        and closing_days.month = streams.month
group by
    closing_days.client,
    closing_days.kpi,
    closing_days.source,
    closing_days.month,
    closing_days.closes_on
