{# The rows of several CTEs or models, one after the other; each column is named, so that the order in which a relation
   has them does not matter. `lacking` names by relation the columns that it has not, `absent` what stands in their
   place. A column that is listed there and has come after all is ambiguous to the database, and one that is missing
   and not listed is unknown to it, so that neither goes unseen. #}
{% macro union_all(relations, columns, lacking={}, absent={}) -%}
    {%- for relation in relations %}
        {{ rows_of(relation, columns, lacking.get(relation | string, []), absent) }}
        {{ '' if loop.last else 'union all' }}
    {%- endfor %}
{%- endmacro %}

{% macro rows_of(relation, columns, gaps, absent) -%}
    select {{ columns | join(', ') }}
    from {{ relation }}
    {% for gap in gaps -%}
        {{ 'cross join (select ' if loop.first }}{{ absent[gap] }} as {{ gap }}{{ ') as absent' if loop.last else ', ' }}
    {%- endfor %}
{%- endmacro %}
