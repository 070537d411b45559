{# A closed month's distinct visitors are no more than its days' together and no fewer than its largest day's, give or
   take {tolerance_pct} % that the source rounds or holds back. Only months of which every day is known. #}
{% test visitors_within_days(model, days, tolerance_pct) %}
with daily as (
    select
        client,
        scope,
        cast(date_trunc('month', day) as date) as month,
        count(*) as known_days,
        sum(value) as days_together,
        max(value) as largest_day
    from {{ days }}
    where
        kpi = 'unique_visitors'
        and origin = 'source'
    group by
        client,
        scope,
        cast(date_trunc('month', day) as date)
)

select
    monthly.client,
    monthly.scope,
    monthly.month,
    monthly.value,
    daily.largest_day,
    daily.days_together
from {{ model }} as monthly
inner join daily
    on
        monthly.client = daily.client
        and monthly.scope = daily.scope
        and monthly.month = daily.month
where
    monthly.kpi = 'unique_visitors'
    and monthly.is_closed
    and monthly.origin = 'source'
    and daily.known_days = date_diff('day', monthly.month, cast(monthly.month + interval 1 month as date))
    and (
        monthly.value > daily.days_together * (1 + {{ tolerance_pct }} / 100.0)
        or monthly.value < daily.largest_day * (1 - {{ tolerance_pct }} / 100.0)
    )
{% endtest %}
