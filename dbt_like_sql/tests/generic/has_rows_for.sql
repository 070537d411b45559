{# Every client that has rows in {of}, from a source it still has, has rows here: none was lost whole on the way. #}
{% test has_rows_for(model, of, sources) %}
select
    upstream.client,
    count(*) as upstream_rows
from {{ of }} as upstream
inner join {{ sources }} as sources
    on
        upstream.client = sources.client
        and upstream.source = sources.source
where upstream.client not in (select kept.client from {{ model }} as kept where kept.client is not null)
group by upstream.client
{% endtest %}
