-- posts that a web source can tell of: it has seen a host that they stood under, or gives none
select distinct
    addresses.client,
    addresses.source,
    addresses.post_id
from {{ ref('int_blog_addresses') }} as addresses
inner join {{ ref('int_blog_web_sources') }} as web_sources
    on
        addresses.client = web_sources.client
        and addresses.source = web_sources.source
        and (
            addresses.site_host = web_sources.site_host
            or web_sources.site_host = ''
            or addresses.site_host = ''
        )
