"""Which worker has which patients: fixed when the load begins.

Locust gives the users of a worker that went missing to the others, and takes some from everybody for one that comes late. Here
a user is a patient with a schedule and a history of his own: moved in the middle of a run, he would be counted as there while
nobody sends for him.
"""

from __future__ import annotations

from locust.dispatch import UsersDispatcher
from locust.runners import WorkerNode


class FixedShares(UsersDispatcher):
    """Locust's dispatcher, with the workers that were there at the start, whatever becomes of them."""

    @property
    def order(self) -> list[str]:
        """Their ids. Users go round in this order: of so many users, the n-th of w workers has those with user % w == n."""
        return [node.id for node in self._worker_nodes]

    def add_worker(self, worker_node: WorkerNode) -> None:
        """A late one has no patients; one that was only silent still has its own."""

    def remove_worker(self, worker_node: WorkerNode) -> None:
        """Its patients are nobody else's."""
