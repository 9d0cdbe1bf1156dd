"""Two runs side by side: is a figure better, the same, worse, or can nobody say?

Pure functions over stored evidence, like the checks. `compare.compare` is the way in; everything else is a step of it:

=============  =========================================================================================
figures        the figures of one run, each with its sample and the number behind it
intervals      how far a figure may be from the truth: bootstrap, Wilson, Newcombe
resources      processor time, memory, traffic per slice of time
work           did both runs ask the same of the system? If not, nothing can be compared
environments   were both made on the same machine with the same versions?
metrics        which figures are compared, which way is better, how much worse is tolerated
claims         the two sentences of the case: lower latency whatever the distance, 20 % less resources
prices, cost   a price file, and what 1,000 acknowledged uploads cost by it
model          what is written to ``comparison.json``
=============  =========================================================================================
"""
