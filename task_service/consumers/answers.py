"""The consumer as a whole: its services, its readiness and its numbers."""

from collections.abc import Iterable, Mapping, Sequence

from prometheus_client.metrics_core import Metric

from contracts.topology import TASK_SERVICE, TASK_SERVICE_USER_EVENTS
from infra.broker.link import PublisherLink
from infra.consuming.dead_letters import DeadLetters
from infra.consuming.single_queue import SingleQueue
from infra.lifecycle import Service
from infra.metrics.families import counter_by
from task_service.commands.unit_of_work import UnitOfWork
from task_service.consumers.intake import APPLIED, DEAD_LETTERED, REPEATED, Intake


class Answers:
    """A collector too."""

    def __init__(self, broker_urls: Sequence[str], unit_of_work: UnitOfWork) -> None:
        self._counts = dict.fromkeys((APPLIED, REPEATED, DEAD_LETTERED), 0)
        link = PublisherLink(broker_urls, "task service dead letters")
        intake = Intake(unit_of_work, DeadLetters(link, TASK_SERVICE), self._count)
        queue = SingleQueue(broker_urls, "task service answers", TASK_SERVICE_USER_EVENTS, intake.take)
        self.services: Mapping[str, Service] = {"answers": queue.run, "dead-letters": link.run}
        self.check = queue.check

    def collect(self) -> Iterable[Metric]:
        """Read everything as it is now."""
        yield counter_by(
            "taskify_task_service_answers_total",
            "Events of exports and erasures that the task service took, by what became of them",
            ("outcome",),
            self._counts,
        )

    def _count(self, outcome: str) -> None:
        self._counts[outcome] += 1
