{# `{column}` is a number where it is not null: neither NaN nor infinite. #}
{% test finite(model, column_name) %}
select {{ column_name }}
from {{ model }}
where not isfinite({{ column_name }})
{% endtest %}
