"""What a system under drill *is*: sites, clusters, services, names, resolvers. Data, no behaviour.

Ground floor: imports nothing else of ours. The only code here reads such a description and speaks
to the lab's control socket.
"""
