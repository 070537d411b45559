{# The scopes {parts} of a KPI that adds up over sources are together never more than its scope `all`.
   Sources that another one counts for ({twins}) are left out. #}
{% test parts_within_total(model, period, parts, kpis, twins) %}
select
    total.client,
    total.kpi,
    total.{{ period }},
    total.value as total_value,
    sum(part.value) as parts_value,
    count(*) as parts
from {{ model }} as total
inner join {{ kpis }} as kpis
    on
        total.client = kpis.client
        and total.kpi = kpis.kpi
inner join {{ model }} as part
    on
        total.client = part.client
        and total.kpi = part.kpi
        and total.{{ period }} = part.{{ period }}
where
    kpis.adds_over_sources
    and not kpis.is_own
    and total.scope = 'all'
    and part.scope like '{{ parts }}'
    and total.origin = 'source'
    and part.origin = 'source'
    and not exists (
        select 1
        from {{ twins }} as twins
        where
            total.client = twins.client
            and part.scope = 'source=' || twins.source
    )
group by
    total.client,
    total.kpi,
    total.{{ period }},
    total.value
having sum(part.value) > total.value + 0.001 + 0.000001 * abs(total.value)
{% endtest %}
