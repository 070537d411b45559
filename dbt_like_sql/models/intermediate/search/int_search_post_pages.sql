-- which post each page that search has shown is
with seen as (
    select distinct
        client,
        site_host,
        page_path
    from {{ ref('stg_raw__search_pages_daily') }}
),

{{ post_pages_of('seen') }}

select
    client,
    site_host,
    page_path,
    source,
    post_id,
    from_on,
    until_on
from post_pages
