select
    client,
    source,
    day,
    new_contacts
from {{ source('raw', 'contacts_daily') }} as read
where {{ had_opened('read', 'day') }}
