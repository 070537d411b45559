{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['client', 'source', 'day'],
    pre_hook="{{ forget_changed(search_page_days(), ['client', 'source', 'day']) }}"
) }}

with days as (
    {{ search_page_days() }}
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
        read.page,
        read.clicks,
        read.impressions,
        read.position_sum,
        changed_days.fingerprint
    from {{ source('raw', 'search_pages_daily') }} as read
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
        seen.page,
        coalesce(hosts.ascii_host, {{ site_host('seen.page') }}) as site_host,
        {{ page_path('seen.page') }} as page_path
    from (
        select distinct
            client,
            page
        from pages
    ) as seen
    left join {{ source('config', 'hosts') }} as hosts
        on
            seen.client = hosts.client
            and {{ site_host('seen.page') }} = hosts.host
)

select
    pages.client,
    pages.source,
    pages.day,
    pages.page,
    addresses.site_host,
    addresses.page_path,
    pages.clicks,
    pages.impressions,
    pages.position_sum,
    pages.fingerprint
from pages
left join addresses
    on
        pages.client = addresses.client
        and pages.page = addresses.page
