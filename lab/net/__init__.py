"""Network of the lab: zones, links, delays. All inside namespaces of the lab; nothing outside is touched."""
