-- months of all of a client's sources together: its platforms and what belongs to none, or csv history
{% set columns = [
    'client', 'kpi', 'scope', 'month', 'is_present', 'value', 'numerator', 'denominator', 'observed_share',
    'is_estimated', 'is_closed', 'closes_on', 'is_history', 'note_codes', 'data_through_on'
] %}

with units as (
    select distinct
        client,
        kpi,
        coalesce('platform=' || platform, scope) as scope,
        adds_over_sources,
        kind
    from {{ ref('int_kpi_series') }}
    where counted_by is null
),

-- what sees the same site as one that counts, and does not count itself: of the client's, or of a listed blog's pages
same_sites as (
    select
        client,
        kpi,
        counted_by,
        source
    from {{ ref('int_kpi_series') }}
    where counted_by is not null
    union
    select
        series.client,
        series.kpi,
        web_sources.web_source as counted_by,
        hosts.source
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_blog_web_sources') }} as web_sources
        on
            series.client = web_sources.client
            and series.source = web_sources.source
            and web_sources.source <> web_sources.web_source
            and web_sources.site_host <> ''
    inner join {{ ref('int_web_hosts') }} as hosts
        on
            web_sources.client = hosts.client
            and web_sources.site_host = hosts.site_host
            and web_sources.web_source <> hosts.source
            and not hosts.is_astray
    where series.kpi in ('page_views_per_blog_post', 'seconds_per_blog_post')
),

twins as (
    select
        client,
        kpi,
        list(
            {{ note('same_site', "'source=' || counted_by", name='source') }} order by source, counted_by
        ) as note_codes
    from same_sites
    group by client, kpi
),

picks as (
    {{ union_all([ref('int_kpi_source_picks'), ref('int_kpi_platform_picks')], columns) }}
),

parts as (
    select
        picks.client,
        picks.kpi,
        'all' as scope,
        units.scope as unit,
        units.adds_over_sources,
        picks.month,
        picks.is_present,
        picks.value,
        picks.numerator,
        picks.denominator,
        picks.observed_share,
        picks.is_estimated,
        picks.is_closed,
        picks.closes_on,
        picks.is_history,
        picks.note_codes,
        picks.data_through_on
    from picks
    inner join units
        on
            picks.client = units.client
            and picks.kpi = units.kpi
            and picks.scope = units.scope
),

own as (
    {{ combined_units('parts') }}
),

chosen as (
    {{ own_or_history('own', "= 'all'") }}
),

-- what adds up over nothing, like distinct visitors of several sites, has no total at all
separate as (
    select
        client,
        kpi
    from units
    where
        not adds_over_sources
        and kind <> 'ratio'
    group by client, kpi
    having count(*) > 1
)

select
    chosen.client,
    chosen.kpi,
    chosen.scope,
    chosen.month,
    chosen.is_present,
    chosen.value,
    chosen.numerator,
    chosen.denominator,
    chosen.observed_share,
    chosen.is_estimated,
    chosen.is_closed,
    chosen.closes_on,
    chosen.is_history,
    case
        when chosen.is_history or twins.client is null then chosen.note_codes
        else list_concat(chosen.note_codes, twins.note_codes)
    end as note_codes,
    chosen.data_through_on
from chosen
left join twins
    on
        chosen.client = twins.client
        and chosen.kpi = twins.kpi
left join separate
    on
        chosen.client = separate.client
        and chosen.kpi = separate.kpi
where separate.client is null
