{# CTEs up to post_pages: which post each page of the CTE `seen` (client, site_host, page_path) is, and on which days. A
   page is the post at its address; else the one whose other face it is (AMP, a feed, an index file, a second page). #}
{% macro post_pages_of(seen) -%}
faces as (
    select
        {{ seen }}.client,
        {{ seen }}.site_host,
        {{ seen }}.page_path,
        {{ path_without_index(seen ~ '.page_path') }} as exact_path,
        {{ path_of_page(seen ~ '.page_path') }} as face_path
    from {{ seen }}
    inner join (
        select distinct client
        from {{ ref('int_blog_addresses') }}
    ) as blogs
        on {{ seen }}.client = blogs.client
),

candidates as (
    select
        client,
        site_host,
        page_path,
        exact_path as address,
        1 as choice
    from faces
    union all
    select
        client,
        site_host,
        page_path,
        face_path as address,
        2 as choice
    from faces
    where face_path <> exact_path
    union all
    select
        client,
        site_host,
        page_path,
        {{ path_of_text('face_path') }} as address,
        3 as choice
    from faces
    where {{ path_of_text('face_path') }} <> face_path
),

-- a host that one side does not give is no reason to tell them apart
matched as (
    select
        candidates.client,
        candidates.site_host,
        candidates.page_path,
        addresses.source,
        addresses.post_id,
        addresses.from_on,
        addresses.until_on,
        candidates.choice,
        min(candidates.choice) over (
            partition by candidates.client, candidates.site_host, candidates.page_path
        ) as first_choice
    from candidates
    inner join {{ ref('int_blog_addresses') }} as addresses
        on
            candidates.client = addresses.client
            and candidates.address = addresses.page_path
            and (candidates.site_host = addresses.site_host or candidates.site_host = '' or addresses.site_host = '')
),

post_pages as (
    select
        client,
        site_host,
        page_path,
        source,
        post_id,
        -- on a hostless page a post may stand under several of its hosts
        case when count(from_on) = count(*) then min(from_on) end as from_on,
        case when count(until_on) = count(*) then max(until_on) end as until_on
    from matched
    where choice = first_choice
    group by client, site_host, page_path, source, post_id
)
{%- endmacro %}
