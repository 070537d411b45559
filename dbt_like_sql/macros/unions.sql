{# The rows of several CTEs or models that have the same columns, one after the other; each column is named, so that the
   order in which a relation has them does not matter. #}
{% macro union_all(relations, columns) -%}
    {%- set listed = columns | join(', ') %}
    select {{ listed }}
    from {{ relations | join(' union all select ' ~ listed ~ ' from ') }}
{%- endmacro %}
