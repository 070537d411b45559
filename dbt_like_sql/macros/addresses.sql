{# One spelling of a page's address, whoever names it: the web source, the search source or the blog itself. #}

{# Path without scheme, host, query, fragment and trailing slash, percent-decoded; its case is kept. #}
{% macro page_path(address) -%}
    coalesce(
        nullif(
            regexp_replace(
                nfc_normalize(
                    coalesce(
                        try(url_decode(
                            regexp_replace(
                                regexp_replace({{ address }}, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*', ''),
                                '[?#].*$',
                                ''
                            )
                        )),
                        regexp_replace(
                            regexp_replace({{ address }}, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*', ''),
                            '[?#].*$',
                            ''
                        )
                    )
                ),
                '/+$',
                ''
            ),
            ''
        ),
        '/'
    )
{%- endmacro %}

{# Host without port and www., in lower case; empty where none is known. Takes a host or a full address. #}
{% macro site_host(address) -%}
    regexp_replace(
        regexp_extract(lower({{ address }}), '^(?:[a-z][a-z0-9+.-]*://)?(?:[^/?#@]*@)?([^/?#:]*)', 1),
        '^www[.]|[.]$',
        '',
        'g'
    )
{%- endmacro %}

{# Path of a page without the index file that a server names or leaves out. Takes a page_path. #}
{% macro path_without_index(path) -%}
    coalesce(nullif(regexp_replace({{ path }}, '/(?:index[.](?:html?|php|jsp)|default[.]aspx?)$', ''), ''), '/')
{%- endmacro %}

{# What a query names: WordPress' number of the post behind a plain permalink, else all of it that no campaign hung on;
   empty where there is nothing of that kind. Takes a full address. #}
{% macro named_by_query(address) -%}
    coalesce(
        nullif(regexp_extract({{ address }}, '^[^#]*[?&]((?:p|page_id)=[0-9]+)(?:[&#]|$)', 1), ''),
        ltrim(
            regexp_replace(
                regexp_extract({{ address }}, '^[^?#]*([?][^#]*)', 1),
                '[?&](?:(?:utm|pk|mtm|matomo|piwik|hsa|mc|at|fb|ga)_[^=&]*|_[^=&]*|fbclid|gclid|gbraid|wbraid|dclid|msclkid|yclid|ref|src|source|medium|campaign|cmpid|amp|print|share|replytocom)=[^&]*',
                '',
                'gi'
            ),
            '?&'
        )
    )
{%- endmacro %}

{# Path of a post with what its query names where that alone tells it from others: behind a plain permalink at the
   root, and at a path that a list gives to several posts at once. Takes a page_path, a full address and whether it is
   such a path. #}
{% macro path_of_post(path, address, is_shared) -%}
    {{ path_without_index(path) }}
    || case
        when
            {{ is_shared }}
            or ({{ path_without_index(path) }} = '/' and regexp_matches({{ address }}, '^[^#]*[?&](?:p|page_id)=[0-9]+(?:[&#]|$)'))
            then coalesce('?' || nullif({{ named_by_query(address) }}, ''), '')
        else ''
    end
{%- endmacro %}

{# CTE of the paths that a list gives to several posts at once, told apart by their queries. #}
{% macro shared_paths() -%}
shared_paths as (
    select distinct
        client,
        site_host,
        page_path
    from (
        select
            client,
            source,
            site_host,
            page_path
        from {{ ref('stg_raw__blog_posts') }}
        group by client, source, site_host, page_path
        having
            count(distinct post_id) > 1
            and count(distinct nullif({{ named_by_query('url') }}, '')) > 1
    ) as lists
)
{%- endmacro %}

{# Whether an address has a query of its own behind its path (path_of_post): no page of a web source is known to be it.
   A question mark that belongs to the path makes none. Takes the address and the full address that it was made of. #}
{% macro is_told_by_query(address, full_address) -%}
    coalesce(ends_with({{ address }}, '?' || nullif({{ named_by_query(full_address) }}, '')), false)
{%- endmacro %}

{# Path of the page that this one is another face of: without what campaigns hang on it, AMP, print, feed, embed and
   pages of comments. Takes a page_path. #}
{% macro path_of_page(path) -%}
    coalesce(
        nullif(
            regexp_replace(
                regexp_replace(
                    regexp_replace({{ path }}, '/*[&?;][A-Za-z_][A-Za-z0-9_.-]*=.*$', ''),
                    '^/amp(/.+)$',
                    '\1'
                ),
                '(?:/(?:amp|print|feed(?:/(?:rss2?|rdf|atom))?|embed|trackback|comment-page-[0-9]+|index[.](?:html?|php|jsp)|default[.]aspx?)|[.]amp|/)+$',
                ''
            ),
            ''
        ),
        '/'
    )
{%- endmacro %}

{# Path of the text whose second or third page this one is: /a/2, /a/page/2, /a/amp/2 are /a. Takes a path_of_page. #}
{% macro path_of_text(path) -%}
    coalesce(nullif(regexp_replace({{ path }}, '(?:/amp)?(?:/(?:page|sida|side|seite|sivu)/[0-9]+|/[0-9]{1,2})$', ''), ''), '/')
{%- endmacro %}

{# Whether a path below a blog's own is one of its lists: archives by category, topic, tag, author and date as
   WordPress, HubSpot, Wix, Shopify and others name them, in English and the languages of the Nordic countries and
   Germany; its search, its pages, its attachments and its files for feed readers. Takes what follows the blog's path, from its
   slash on. #}
{% macro is_archive(rest) -%}
    {%- set words = [
        'category', 'categories', 'kategori', 'kategorier', 'kategoria', 'kategoriat', 'kategorie', 'kategorien',
        'topic', 'topics', 'amne', 'ämne', 'amnen', 'ämnen', 'emne', 'emner', 'aihe', 'aiheet', 'thema', 'themen',
        'tag', 'tags', 'tagged', 'hashtag', 'hashtags', 'label', 'labels', 'taxonomy', 'etikett', 'etiketter',
        'stikord', 'avainsana', 'avainsanat', 'schlagwort', 'schlagworte', 'stichwort',
        'author', 'authors', 'forfattare', 'författare', 'skribent', 'skribenter', 'forfatter', 'kirjoittaja', 'autor',
        'type', 'date', 'archive', 'archives', 'arkiv', 'arkisto', 'archiv',
        'search', 'sok', 'sök', 'sog', 'søg', 'søk', 'haku', 'suche',
        'page', 'sida', 'side', 'seite', 'sivu', 'attachment',
    ] -%}
    regexp_matches(
        {{ rest }},
        '^/(?:(?:{{ words | join('|') }})(?:/|$)|(?:[^/]+/)*(?:feed|rss|atom|index|sitemap)[.](?:xml|json)$|(?:19|20)[0-9]{2}(?:/[0-9]{1,2}){0,2}$)'
    )
{%- endmacro %}
