-- the months of each client's calendar
with months as (
    select
        client,
        month,
        max(day) as ends_on,
        count(*) as days_in_month
    from {{ ref('int_days') }}
    group by client, month
)

select
    months.client,
    months.month,
    months.ends_on,
    months.days_in_month,
    clients.as_of <= months.ends_on as is_running
from months
inner join {{ ref('stg_config__clients') }} as clients
    on months.client = clients.client
