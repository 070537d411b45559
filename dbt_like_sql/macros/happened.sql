{# A condition on rows that have a client and a day: the day has come for the client. A night that was dated wrong may
   have left days behind that have not; a client that is none of this run's has no date to go by. #}
{% macro has_come(table, day) -%}
    not exists (
        select 1
        from {{ source('config', 'clients') }} as dated
        where
            {{ table }}.client = dated.client
            and {{ table }}.{{ day }} > dated.as_of
    )
{%- endmacro %}

{# A condition on rows that have a client, a source and a day: the account was there, by what the file says now. Days
   before it `opened` are true zeros, also where they were read while the file did not say so. #}
{% macro had_opened(table, day) -%}
    not exists (
        select 1
        from {{ source('config', 'sources') }} as account
        where
            {{ table }}.client = account.client
            and {{ table }}.source = account.source
            and {{ table }}.{{ day }} < account.opened
    )
{%- endmacro %}
