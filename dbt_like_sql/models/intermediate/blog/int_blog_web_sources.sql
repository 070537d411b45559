-- which web source tells of a blog's pages on which host: of those that have seen it, the first in the file; none,
-- none; one that only strayed on it comes last
with blogs as (
    select distinct
        client,
        source,
        stream = 'blog_posts' as is_listed
    from {{ ref('int_kpi_series') }}
    where kpi = 'blog_posts'
),

postless as (
    select
        blogs.client,
        blogs.source
    from blogs
    left join {{ ref('int_blog_posts') }} as posts
        on
            blogs.client = posts.client
            and blogs.source = posts.source
    where
        posts.client is null
        and blogs.is_listed
),

-- a blog whose posts all count as another's rests on what tells of those
second_lists as (
    select distinct
        postless.client,
        postless.source,
        addresses.site_host
    from postless
    inner join {{ ref('int_blog_same_posts') }} as same
        on
            postless.client = same.client
            and postless.source = same.source
    inner join {{ ref('int_blog_addresses') }} as addresses
        on
            same.client = addresses.client
            and same.kept_source = addresses.source
            and same.kept_post_id = addresses.post_id
),

blog_hosts as (
    select
        client,
        source,
        site_host
    from {{ ref('int_blog_addresses') }}
    union
    select
        client,
        source,
        site_host
    from second_lists
    union
    select
        blogs.client,
        blogs.source,
        hosts.site_host
    from blogs
    inner join {{ ref('int_web_hosts') }} as hosts
        on
            blogs.client = hosts.client
            and blogs.source = hosts.source
            and hosts.is_main
),

-- of a blog without a post every source can say that none was viewed
empty_blogs as (
    select
        postless.client,
        postless.source
    from postless
    left join second_lists
        on
            postless.client = second_lists.client
            and postless.source = second_lists.source
    where second_lists.client is null
),

named as (
    select
        blogs.client,
        blogs.source,
        hosts.source as web_source,
        hosts.site_host,
        row_number() over (
            partition by blogs.client, blogs.source, hosts.site_host
            order by hosts.is_astray, hosts.position
        ) as choice
    from blogs
    inner join blog_hosts
        on
            blogs.client = blog_hosts.client
            and blogs.source = blog_hosts.source
    inner join {{ ref('int_web_hosts') }} as hosts
        on
            blogs.client = hosts.client
            and blog_hosts.site_host = hosts.site_host
            and hosts.site_host <> ''
    where
        blogs.is_listed
        or blogs.source = hosts.source
),

blogs_named as (
    select distinct
        client,
        source
    from named
),

-- a source that gives no host speaks of its only site; asked only where none that gives one knows the blog's
hostless as (
    select
        blogs.client,
        blogs.source,
        hosts.source as web_source,
        row_number() over (partition by blogs.client, blogs.source order by hosts.position) as choice
    from blogs
    inner join {{ ref('int_web_hosts') }} as hosts
        on
            blogs.client = hosts.client
            and hosts.site_host = ''
    left join blogs_named
        on
            blogs.client = blogs_named.client
            and blogs.source = blogs_named.source
    where
        blogs_named.source is null
        and (blogs.is_listed or blogs.source = hosts.source)
)

select
    client,
    source,
    web_source,
    site_host
from named
where choice = 1
union
-- the pages that such a source gives no host of
select
    named.client,
    named.source,
    named.web_source,
    '' as site_host
from named
inner join {{ ref('int_web_hosts') }} as hosts
    on
        named.client = hosts.client
        and named.web_source = hosts.source
        and hosts.site_host = ''
where named.choice = 1
union
select
    client,
    source,
    web_source,
    '' as site_host
from hostless
where choice = 1
union
select
    empty_blogs.client,
    empty_blogs.source,
    streams.source as web_source,
    '' as site_host
from empty_blogs
inner join {{ ref('stg_config__streams') }} as streams
    on
        empty_blogs.client = streams.client
        and streams.stream = 'web_pages_daily'
