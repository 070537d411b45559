{# A part never exceeds what it is a part of, row by row, where both are known. #}
{% test not_above(model, column_name, total) %}
select
    {{ column_name }},
    {{ total }}
from {{ model }}
where {{ column_name }} > {{ total }}
{% endtest %}
