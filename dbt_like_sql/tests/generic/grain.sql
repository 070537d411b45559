{# The columns are unique together and never null: one row each. #}
{% test grain(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as rows
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {% for column in columns %}
    or {{ column }} is null
    {% endfor %}
{% endtest %}
