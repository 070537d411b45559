{# Each source that has ever told {kpis} and is not paused has told some of the last {max_days} days. #}
{% test freshness(model, max_days, kpis, clients, sources, pauses) %}
with newest as (
    select
        client,
        scope,
        max(day) as newest_day
    from {{ model }}
    where
        origin = 'source'
        and scope like 'source=%'
        and kpi in ({% for kpi in kpis %}'{{ kpi }}'{% if not loop.last %}, {% endif %}{% endfor %})
    group by
        client,
        scope
)

select
    newest.client,
    newest.scope,
    newest.newest_day,
    date_diff('day', newest.newest_day, clients.as_of) as age_days
from newest
inner join {{ clients }} as clients
    on newest.client = clients.client
inner join {{ sources }} as sources
    on
        newest.client = sources.client
        and newest.scope = 'source=' || sources.source
where
    date_diff('day', newest.newest_day, clients.as_of) > {{ max_days }}
    and not exists (
        select 1
        from {{ pauses }} as pauses
        where
            pauses.client = sources.client
            and pauses.source = sources.source
            and pauses.to_on >= newest.newest_day
    )
{% endtest %}
