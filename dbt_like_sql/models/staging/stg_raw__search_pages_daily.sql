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
        page,
        {{ site_host('page') }} as site_host,
        {{ page_path('page') }} as page_path
    from (
        select distinct page
        from pages
    ) as seen
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
    on pages.page = addresses.page
