-- which source gives which KPI, or which part of one, and which of its streams the figure rests on
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
),

chosen as (
    select
        candidates.client,
        candidates.kpi,
        candidates.kpi as series_kpi,
        candidates.source,
        candidates.platform,
        candidates.stream,
        -- where a source calls nothing a conversion, no conversions are not zero
        (candidates.delivery <> 'window' or candidates.is_zero_by_absence)
        and (candidates.kpi <> 'conversions' or parts.client is not null) as is_zero_by_absence,
        parts.counted_from_on
    from candidates
    left join {{ ref('int_web_parts') }} as parts
        on
            candidates.client = parts.client
            and candidates.kpi = parts.kpi
            and candidates.source = parts.source
            and parts.part = 'all'
    where candidates.choice = 1
    union all
    select
        parts.client,
        parts.kpi,
        {{ part_kpi('parts.kpi', 'parts.part') }} as series_kpi,
        parts.source,
        cast(null as varchar) as platform,
        parts.stream,
        streams.is_zero_by_absence,
        parts.counted_from_on
    from {{ ref('int_web_parts') }} as parts
    inner join {{ ref('stg_config__streams') }} as streams
        on
            parts.client = streams.client
            and parts.source = streams.source
            and parts.stream = streams.stream
    where parts.part <> 'all'
)

select
    chosen.client,
    chosen.series_kpi as kpi,
    chosen.source,
    chosen.platform,
    'source=' || chosen.source as scope,
    chosen.stream,
    chosen.is_zero_by_absence,
    chosen.counted_from_on,
    sources.opened_on,
    -- of those that see one site the first that gives this figure at all; the channels are one source's, as they add up
    nullif(
        first_value(chosen.source) over (
            partition by
                chosen.client,
                coalesce(twins.counted_by, chosen.source),
                case
                    when chosen.series_kpi like '%/channel=%' then split_part(chosen.series_kpi, '=', 1)
                    else chosen.series_kpi
                end
            order by case when twins.client is null then 0 else 1 end, sources.position
        ),
        chosen.source
    ) as counted_by,
    kpis.kind,
    kpis.adds_over_time,
    kpis.adds_over_sources,
    kpis.closing_days
from chosen
inner join {{ ref('int_sources') }} as sources
    on
        chosen.client = sources.client
        and chosen.source = sources.source
inner join {{ ref('stg_config__kpis') }} as kpis
    on
        chosen.client = kpis.client
        and chosen.kpi = kpis.kpi
left join {{ ref('int_web_twins') }} as twins
    on
        chosen.client = twins.client
        and chosen.source = twins.source
