{# Numbers are numbers: neither NaN nor infinite. #}
{% test finite(model, column_name) %}
select {{ column_name }}
from {{ model }}
where not isfinite({{ column_name }})
{% endtest %}
