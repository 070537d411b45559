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
)

select
    pages.client,
    pages.source,
    pages.day,
    pages.host,
    pages.path,
    {{ site_host('pages.host') }} as site_host,
    {{ page_path('pages.path') }} as page_path,
    pages.page_views,
    pages.engagement_seconds,
    changed_days.fingerprint
from {{ source('raw', 'web_pages_daily') }} as pages
inner join changed_days
    on
        pages.client = changed_days.client
        and pages.source = changed_days.source
        and pages.day = changed_days.day
