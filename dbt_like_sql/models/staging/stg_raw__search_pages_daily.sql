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
)

select
    pages.client,
    pages.source,
    pages.day,
    pages.page,
    {{ site_host('pages.page') }} as site_host,
    {{ page_path('pages.page') }} as page_path,
    pages.clicks,
    pages.impressions,
    pages.position_sum,
    changed_days.fingerprint
from {{ source('raw', 'search_pages_daily') }} as pages
inner join changed_days
    on
        pages.client = changed_days.client
        and pages.source = changed_days.source
        and pages.day = changed_days.day
