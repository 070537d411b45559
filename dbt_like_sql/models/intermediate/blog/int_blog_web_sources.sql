-- which web sources see which blog: those that know its host or give none; where none does, all of the client's
with blogs as (
    select distinct
        client,
        source,
        stream
    from {{ ref('int_kpi_series') }}
    where kpi = 'blog_posts'
),

pairs as (
    select
        blogs.client,
        blogs.source,
        streams.source as web_source,
        blogs.stream = 'blog_posts' as is_listed
    from blogs
    inner join {{ ref('stg_config__streams') }} as streams
        on
            blogs.client = streams.client
            and streams.stream = 'web_pages_daily'
            and (blogs.stream = 'blog_posts' or blogs.source = streams.source)
),

web_hosts as (
    select distinct
        client,
        source,
        site_host
    from {{ ref('stg_raw__web_pages_daily') }}
),

blog_hosts as (
    select distinct
        client,
        source,
        site_host
    from {{ ref('stg_raw__blog_posts') }}
),

seen as (
    select distinct
        pairs.client,
        pairs.source,
        pairs.web_source
    from pairs
    inner join web_hosts
        on
            pairs.client = web_hosts.client
            and pairs.web_source = web_hosts.source
    left join blog_hosts
        on
            pairs.client = blog_hosts.client
            and pairs.source = blog_hosts.source
            and web_hosts.site_host = blog_hosts.site_host
    where
        not pairs.is_listed
        or web_hosts.site_host = ''
        or blog_hosts.site_host is not null
),

blogs_seen as (
    select distinct
        client,
        source
    from seen
)

select
    client,
    source,
    web_source
from seen
union all
select
    pairs.client,
    pairs.source,
    pairs.web_source
from pairs
left join blogs_seen
    on
        pairs.client = blogs_seen.client
        and pairs.source = blogs_seen.source
where blogs_seen.source is null
