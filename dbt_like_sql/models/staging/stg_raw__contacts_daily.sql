select
    client,
    source,
    day,
    new_contacts
from {{ source('raw', 'contacts_daily') }}
