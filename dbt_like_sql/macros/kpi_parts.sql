{# A part of a figure goes as a KPI of its own through the models of sources: its KPI, a slash, its scope. Ids of KPIs
   have no slash; what an event is called may. #}
{% macro part_kpi(kpi, part) -%}
    {{ kpi }} || '/' || {{ part }}
{%- endmacro %}

{% macro is_part(kpi) -%}
    strpos({{ kpi }}, '/') > 0
{%- endmacro %}

{% macro kpi_of(kpi) -%}
    split_part({{ kpi }}, '/', 1)
{%- endmacro %}

{% macro part_of(kpi) -%}
    substr({{ kpi }}, strpos({{ kpi }}, '/') + 1)
{%- endmacro %}
