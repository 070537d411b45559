{# The columns are unique together and never null: one row each. #}
{% test grain(model, columns) %}
select {{ columns | join(', ') }}
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% for column in columns %}
union all
select {{ columns | join(', ') }}
from {{ model }}
where {{ column }} is null
{% endfor %}
{% endtest %}
