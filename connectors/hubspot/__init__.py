"""HubSpot: contacts, deals won and support tickets of one account."""
