{# The parts of each incremental model as they are now, each with the fingerprint of all that its rows rest on. A column
   that a model comes to read must come in here too; the property tests change each of them. #}

{% macro web_page_days() -%}
select
    client,
    source,
    day,
    {{ fingerprint(['host', 'path', 'page_views', 'engagement_seconds']) }} as fingerprint
from {{ source('raw', 'web_pages_daily') }} as read
where {{ had_opened('read', 'day') }}
group by client, source, day
{%- endmacro %}

{% macro search_page_days() -%}
select
    client,
    source,
    day,
    {{ fingerprint(['page', 'clicks', 'impressions', 'position_sum']) }} as fingerprint
from {{ source('raw', 'search_pages_daily') }} as read
where {{ had_opened('read', 'day') }}
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

{# Days of a client's KPI: its sources' figures of the day, those of its parts too, what its series are, and all its csv
   history. Not of all KPIs together: a count of followers that is worked out backwards is another on every day of years
   each night. #}
{% macro kpi_days() -%}
select
    figures.client,
    figures.kpi,
    figures.day,
    {{ fingerprint([
        'figures.part',
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
        {{ kpi_of('kpi') }} as kpi,
        day,
        kpi as part,
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
        kpi,
        day,
        kpi as part,
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
        {{ kpi_of('kpi') }} as kpi,
        {{ fingerprint(['kpi', 'source', 'platform', 'scope', 'kind', 'adds_over_sources', 'counted_by']) }} as fingerprint
    from {{ ref('int_kpi_series') }}
    group by client, {{ kpi_of('kpi') }}
) as series
    on
        figures.client = series.client
        and figures.kpi = series.kpi
left join (
    select
        client,
        kpi,
        {{ fingerprint(['scope', 'day', 'value', 'is_own']) }} as fingerprint
    from {{ ref('int_csv_days') }}
    group by client, kpi
) as history
    on
        figures.client = history.client
        and figures.kpi = history.kpi
-- of an account that opens later this month all days before are known to be 0; those to come are no news yet
where
    not exists (
        select 1
        from {{ ref('stg_config__clients') }} as dated
        where
            figures.client = dated.client
            and figures.day > dated.as_of
    )
group by figures.client, figures.kpi, figures.day
{%- endmacro %}
