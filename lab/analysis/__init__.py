"""The analysis service: looks at one reading and says whether it is irregular, by REST and on a live stream.

A transparent rule set (`lab.analysis.rules`) stands in for the product's trained model: what is drilled is the service round it,
its interfaces, and that both survive a site. It keeps nothing, so it serves at both sites at any time.
"""
