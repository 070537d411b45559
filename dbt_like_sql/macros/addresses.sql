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
        ''
    )
{%- endmacro %}
