"""Kubernetes as the lab speaks it: per site a small API server over the lab's processes, on order (`Options.kubernetes`).

A stand-in for tests and learning, and it says so in every answer (header ``Stand-In``): its pods are processes, not containers.
What acts, acts for real: a deleted pod is a killed process, a deny-all policy takes the site's links down. What is not stood in
for is refused with a Status object, never made up.

::

    kubectl, client library ── 127.0.0.1:port, TLS, bearer token ── app ─┬─ looks   (what is: process table, health)
                                                                         └─ orders  (what is wanted) ── supervisor, provider

The servers belong to the provider: they live in the lab's first process, outside both sites, and survive the loss of a site.
"""
