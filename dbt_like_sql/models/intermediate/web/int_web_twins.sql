-- web sources that see the same site as one before them in the file, which alone counts for all of a client's sources
with sites as (
    select
        client,
        source,
        site_host,
        first_value(source) over (partition by client, site_host order by position) as counted_by
    from {{ ref('int_web_hosts') }}
    where is_main
)

select
    client,
    source,
    counted_by,
    site_host
from sites
where source <> counted_by
