-- which source gives which KPI, and which of its streams the figure rests on
with loaded as (
    select distinct
        client,
        source,
        stream,
        true as is_loaded
    from {{ ref('stg_ops__loads') }}
),

candidates as (
    select
        streams.client,
        kpi_streams.kpi,
        streams.source,
        sources.platform,
        streams.stream,
        streams.delivery,
        streams.is_zero_by_absence,
        row_number() over (
            partition by streams.client, kpi_streams.kpi, streams.source
            -- a stream that this account can't be asked for is never loaded
            order by coalesce(loaded.is_loaded, false) desc, kpi_streams.preference
        ) as choice
    from {{ ref('stg_config__kpi_streams') }} as kpi_streams
    inner join {{ ref('stg_config__streams') }} as streams
        on
            kpi_streams.client = streams.client
            and kpi_streams.source = streams.source
            and kpi_streams.stream = streams.stream
    inner join {{ ref('int_sources') }} as sources
        on
            streams.client = sources.client
            and streams.source = sources.source
    left join loaded
        on
            streams.client = loaded.client
            and streams.source = loaded.source
            and streams.stream = loaded.stream
    where kpi_streams.preference is not null
)

select
    candidates.client,
    candidates.kpi,
    candidates.source,
    candidates.platform,
    'source=' || candidates.source as scope,
    candidates.stream,
    candidates.delivery <> 'window' or candidates.is_zero_by_absence as is_zero_by_absence,
    sources.opened_on,
    kpis.kind,
    kpis.adds_over_time,
    kpis.adds_over_sources,
    kpis.closing_days
from candidates
inner join {{ ref('int_sources') }} as sources
    on
        candidates.client = sources.client
        and candidates.source = sources.source
inner join {{ ref('stg_config__kpis') }} as kpis
    on
        candidates.client = kpis.client
        and candidates.kpi = kpis.kpi
where candidates.choice = 1
