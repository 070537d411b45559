{# What there is to say of a month's figure, as a code with what stands in its sentence. The sentences are made once, in
   int_kpi_noted_months for those who query the tables and in okr_models/words for readers; a test holds all three to
   the same codes. #}

{# `scope`: whose month it is said of; `part` and `whole`: days or posts, the one of the other; `value`: a figure;
   `day`: a date; `name`: who or what is named. #}
{% macro note_type() -%}
    struct(code varchar, scope varchar, part bigint, whole bigint, value double, day date, name varchar)
{%- endmacro %}

{% macro note(code, scope="'source=' || source", part='null', whole='null', value='null', day='null', name='null') -%}
    cast(
        row('{{ code }}', {{ scope }}, {{ part }}, {{ whole }}, {{ value }}, {{ day }}, {{ name }}) as {{ note_type() }}
    )
{%- endmacro %}
