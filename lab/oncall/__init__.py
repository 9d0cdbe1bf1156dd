"""Somebody else's service that calls the people on duty: takes Alertmanager's webhook, writes down when it came. It stands
outside both sites, so that what it received is what people would have known."""
