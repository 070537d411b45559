{# Values lie between the bounds, which are included; a bound left out is none. #}
{% test accepted_range(model, column_name, min_value=none, max_value=none) %}
select {{ column_name }}
from {{ model }}
where
    {{ 'false' if min_value is none else column_name ~ ' < ' ~ min_value }}
    or {{ 'false' if max_value is none else column_name ~ ' > ' ~ max_value }}
{% endtest %}
