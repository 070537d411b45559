{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['client', 'source', 'day'],
    pre_hook="{{ forget_changed(web_page_days(), ['client', 'source', 'day']) }}"
) }}

with days as (
    {{ web_page_days() }}
),

changed_days as (
    select
        client,
        source,
        day,
        fingerprint
    from days
    where {{ is_changed(['client', 'source', 'day']) }}
),

pages as (
    select
        read.client,
        read.source,
        read.day,
        read.host,
        read.path,
        read.page_views,
        read.engagement_seconds,
        changed_days.fingerprint
    from {{ source('raw', 'web_pages_daily') }} as read
    inner join changed_days
        on
            read.client = changed_days.client
            and read.source = changed_days.source
            and read.day = changed_days.day
),

-- the same few addresses every day: each is parsed once
addresses as (
    select
        seen.client,
        seen.host,
        seen.path,
        coalesce(hosts.ascii_host, {{ site_host('seen.host') }}) as site_host,
        {{ page_path('seen.path') }} as page_path
    from (
        select distinct
            client,
            host,
            path
        from pages
    ) as seen
    left join {{ source('config', 'hosts') }} as hosts
        on
            seen.client = hosts.client
            and {{ site_host('seen.host') }} = hosts.host
)

select
    pages.client,
    pages.source,
    pages.day,
    pages.host,
    pages.path,
    addresses.site_host,
    addresses.page_path,
    pages.page_views,
    pages.engagement_seconds,
    pages.fingerprint
from pages
left join addresses
    on
        pages.client = addresses.client
        and pages.host = addresses.host
        and pages.path = addresses.path
