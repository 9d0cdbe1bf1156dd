"""The vitals service: a FHIR R4 façade over PostgreSQL, as one of the product's microservices.

It knows nothing of the lab round it: configuration comes from its environment, sites differ only in that.
"""
