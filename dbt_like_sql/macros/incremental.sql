{# How incremental models know what to derive again. Each is made of parts (a client's day), and its rows carry the
   fingerprint of all that their part rests on. A part whose fingerprint is another now is deleted and derived again.
   There is no clock and no watermark in it: a day read again, a source's new zone, another blog path, a reading parsed
   anew, a deleted post and a client taken away are seen by what they change, and what was read again without a change
   is left alone. Fingerprints are computed in the statement that uses them, never kept anywhere else. #}

{# One number for a group's rows, whatever their order. hash() is DuckDB's own; another engine needs its own. #}
{% macro fingerprint(columns) -%}
    cast(sum(hash({{ columns | join(', ') }})) % 9223372036854775783 as bigint)
{%- endmacro %}

{# A pre_hook: the rows of every part that has changed or is gone. `parts` is the query that gives the parts as they
   are now, with their fingerprints. #}
{% macro forget_changed(parts, key) -%}
    {%- if is_incremental() -%}
        {%- set columns = (key + ['fingerprint']) | join(', ') -%}
        delete from {{ this }} where ({{ columns }}) not in (select {{ columns }} from ({{ parts }}) as parts)
    {%- endif -%}
{%- endmacro %}

{# A condition on a part and its fingerprint: the table has it not, or not as it is now. #}
{% macro is_changed(key) -%}
    {%- if is_incremental() -%}
        {%- set columns = (key + ['fingerprint']) | join(', ') -%}
        ({{ columns }}) not in (select distinct {{ columns }} from {{ this }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
