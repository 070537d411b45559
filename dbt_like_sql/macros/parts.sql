{# The parts of each incremental model as they are now, each with the fingerprint of all that its rows rest on. A column
   that a model comes to read must come in here too; the property tests change each of them. #}

{% macro web_page_days() -%}
select
    client,
    source,
    day,
    {{ fingerprint(['host', 'path', 'page_views', 'engagement_seconds']) }} as fingerprint
from {{ source('raw', 'web_pages_daily') }}
group by client, source, day
{%- endmacro %}

{% macro search_page_days() -%}
select
    client,
    source,
    day,
    {{ fingerprint(['page', 'clicks', 'impressions', 'position_sum']) }} as fingerprint
from {{ source('raw', 'search_pages_daily') }}
group by client, source, day
{%- endmacro %}

{# Days on which every site's source was observed: what the sites said that day, and all posts with their addresses. #}
{% macro blog_days() -%}
select
    days.client,
    days.source,
    days.day,
    {{ fingerprint([
        'web_sources.web_source',
        'web_sources.site_host',
        'pages.fingerprint',
        'posts.fingerprint',
        'addresses.fingerprint',
        'seen.fingerprint',
    ]) }} as fingerprint
from {{ ref('int_blog_days') }} as days
inner join {{ ref('int_blog_web_sources') }} as web_sources
    on
        days.client = web_sources.client
        and days.source = web_sources.source
left join (
    select distinct
        client,
        source,
        day,
        fingerprint
    from {{ ref('stg_raw__web_pages_daily') }}
) as pages
    on
        web_sources.client = pages.client
        and web_sources.web_source = pages.source
        and days.day = pages.day
left join (
    select
        client,
        source,
        {{ fingerprint(['post_id', 'live_on']) }} as fingerprint
    from {{ ref('int_blog_posts') }}
    group by client, source
) as posts
    on
        days.client = posts.client
        and days.source = posts.source
left join (
    select
        client,
        {{ fingerprint(['source', 'post_id', 'site_host', 'page_path', 'from_on', 'until_on']) }} as fingerprint
    from {{ ref('int_blog_addresses') }}
    group by client
) as addresses
    on days.client = addresses.client
left join (
    select
        client,
        source,
        {{ fingerprint(['post_id']) }} as fingerprint
    from {{ ref('int_blog_seen_posts') }}
    group by client, source
) as seen
    on
        days.client = seen.client
        and days.source = seen.source
group by days.client, days.source, days.day
{%- endmacro %}

{# Days of a client: its sources' figures of the day, what its series are, and all its csv history. #}
{% macro kpi_days() -%}
select
    figures.client,
    figures.day,
    {{ fingerprint([
        'figures.kpi',
        'figures.source',
        'figures.value',
        'figures.numerator',
        'figures.denominator',
        'figures.is_estimated',
        'figures.method',
        'series.fingerprint',
        'history.fingerprint',
    ]) }} as fingerprint
from (
    select
        client,
        day,
        kpi,
        source,
        value,
        numerator,
        denominator,
        is_estimated,
        method
    from {{ ref('int_kpi_source_days') }}
    union all
    select
        client,
        day,
        kpi,
        scope as source,
        value,
        null as numerator,
        null as denominator,
        is_own as is_estimated,
        'csv' as method
    from {{ ref('int_csv_days') }}
) as figures
left join (
    select
        client,
        {{ fingerprint(['kpi', 'source', 'platform', 'scope', 'kind', 'adds_over_sources', 'counted_by']) }} as fingerprint
    from {{ ref('int_kpi_series') }}
    group by client
) as series
    on figures.client = series.client
left join (
    select
        client,
        {{ fingerprint(['kpi', 'scope', 'day', 'value', 'is_own']) }} as fingerprint
    from {{ ref('int_csv_days') }}
    group by client
) as history
    on figures.client = history.client
-- of an account that opens later this month all days before are known to be 0; those to come are no news yet
where
    not exists (
        select 1
        from {{ ref('stg_config__clients') }} as dated
        where
            figures.client = dated.client
            and figures.day > dated.as_of
    )
group by figures.client, figures.day
{%- endmacro %}
