"""PostgreSQL, RabbitMQ and Taskify in containers, on a network of their own, for one session."""

import gc
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from secrets import token_urlsafe

import httpx
from docker.errors import APIError, DockerException, ImageNotFound
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient
from testcontainers.core.network import Network

from taskify_testkit.addresses import Addresses
from taskify_testkit.errors import NotStartedError
from taskify_testkit.settings import Images, engine_address

_API, _NOTIFICATIONS, _SOCKET = 8000, 8001, 8002
_PROCESSES = (_API, _NOTIFICATIONS, _SOCKET, 8003, 8004, 8005)
"""The ports of Taskify's six processes; each says whether it is ready."""

_AMQP, _MANAGEMENT = 5672, 15672
_VIRTUAL_HOST = "taskify"
_ADMINISTRATOR = "taskify-administrator"
_POLL_SECONDS = 0.2
_ANSWER_SECONDS = 5.0
_LOG_LINES = 30
_LOG_FILES = "/run/taskify/logs/*.log"
"""Where Taskify's processes write; the container's own log is of their start and end."""

_WITHOUT_RYUK = "where this image cannot be had, set TESTCONTAINERS_RYUK_DISABLED=true"

_REMEDIES = {
    "Taskify": "-> build it with `make images` in a checkout of Taskify, or name one by TASKIFY_IMAGE",
    "PostgreSQL": "-> pull it, or name one by TASKIFY_POSTGRES_IMAGE",
    "RabbitMQ": "-> pull it, or name one by TASKIFY_RABBITMQ_IMAGE",
}

_PLENTY = dict.fromkeys(
    (
        "TASKIFY_PERSON_REQUESTS_A_SECOND",
        "TASKIFY_PERSON_REQUEST_BURST",
        "TASKIFY_ADDRESS_REQUESTS_A_SECOND",
        "TASKIFY_ADDRESS_REQUEST_BURST",
    ),
    "100000",
)
"""Tests send from one address, and faster than people do."""


@contextmanager
def started(images: Images) -> Iterator[Addresses]:
    """Start everything, give its addresses when it is ready, and remove it at the end.

    Raises:
        NotStartedError: something was not ready in time, or there is no engine or image; the text has the end of the
            log of the container that failed.
    """
    password = token_urlsafe()
    with _trouble_told(), ExitStack() as opened, httpx.Client(timeout=_ANSWER_SECONDS, trust_env=False) as http:
        _have_engine()
        network = opened.enter_context(Network())
        postgres = _Part("PostgreSQL", images.postgres, network, "postgres", {"POSTGRES_PASSWORD": password})
        rabbitmq = _Part("RabbitMQ", images.rabbitmq, network, "rabbitmq", _rabbitmq(password), _AMQP, _MANAGEMENT)
        taskify = _Part("Taskify", images.taskify, network, "taskify", _taskify(password), *_PROCESSES)
        taskify.log_files = _LOG_FILES
        for part in (taskify, postgres, rabbitmq):
            part.have_image()
        opened.enter_context(postgres.running())
        opened.enter_context(rabbitmq.running())
        postgres.wait(lambda: _postgres_answers(postgres), images.start_seconds)
        rabbitmq.wait(lambda: _rabbitmq_answers(http, rabbitmq, password), images.start_seconds)
        opened.enter_context(taskify.running("infra.local", "up"))
        taskify.wait(lambda: _taskify_is_ready(http, taskify), images.start_seconds)
        host = rabbitmq.address(_AMQP)
        yield Addresses(
            api=f"http://{taskify.address(_API)}",
            notifications=f"http://{taskify.address(_NOTIFICATIONS)}",
            socket=f"ws://{taskify.address(_SOCKET)}/ws",
            administrator=f"amqp://{_ADMINISTRATOR}:{password}@{host}/{_VIRTUAL_HOST}",
            management=f"http://{rabbitmq.address(_MANAGEMENT)}",
            parts=(taskify, rabbitmq, postgres),
        )


def _have_engine() -> None:
    """Ask for the container engine.

    Raises:
        NotStartedError: none answers.
    """
    try:
        DockerClient().client.close()
    except DockerException as error:
        where, cause = engine_address() or "its usual address", str(error)
    else:
        return
    with warnings.catch_warnings():
        # The client leaves the socket open with which it tried.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    raise NotStartedError(f"no container engine answers at {where}; is it running? ({cause})")


class _Part:
    """One container, and what its failures are told by."""

    def __init__(
        self, name: str, image: str, network: Network, alias: str, environment: dict[str, str], *ports: int
    ) -> None:
        self.name = name
        self.log_files = ""
        self.container = DockerContainer(image, env=environment, ports=list(ports), network=network)
        self.container.with_network_aliases(alias)

    def have_image(self) -> None:
        """Pull the image if it is not there, before anything is started.

        Raises:
            NotStartedError: it cannot be pulled.
        """
        images = self.container.get_docker_client().client.images
        try:
            images.get(self.container.image)
        except ImageNotFound:
            try:
                images.pull(self.container.image)
            except APIError as error:
                raise NotStartedError(
                    f"{self.name}'s image {self.container.image!r} is not on this machine and cannot be pulled: "
                    f"{error.explanation}\n{_REMEDIES[self.name]}"
                ) from None

    @contextmanager
    def running(self, *command: str) -> Iterator[None]:
        """Start the container, and remove it at the end, also when it did not start."""
        if command:
            self.container.with_command(list(command))
        try:
            self.container.start()
            yield
        finally:
            self.container.stop()

    def address(self, port: int) -> str:
        """Give host and port at which a port of the container is reached from here."""
        return f"{self.container.get_container_host_ip()}:{self.container.get_exposed_port(port)}"

    def wait(self, is_ready: Callable[[], bool], seconds: float) -> None:
        """Ask again and again until it is ready.

        Raises:
            NotStartedError: it ended, or was not ready in time.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                ready = is_ready()
            except (DockerException, OSError, RuntimeError):
                # It has ended meanwhile, or the engine is in trouble, which `reload` tells then.
                ready = False
            if not self._runs():
                raise NotStartedError(f"{self._label} ended while it was starting{self._end_of_log()}")
            if ready:
                return
            if time.monotonic() > deadline:
                raise NotStartedError(f"{self._label} was not ready within {seconds:g} s{self._end_of_log()}")
            time.sleep(_POLL_SECONDS)

    @property
    def _label(self) -> str:
        return f"the container of {self.name} ({self.container.image})"

    def ended(self) -> str:
        """Give a sentence with the end of its log if it runs no more, else nothing."""
        try:
            return "" if self._runs() else f"{self._label} has ended{self._end_of_log()}"
        except (DockerException, OSError) as error:
            return f"{self._label} cannot be asked for: {error}"

    def log(self, lines: int) -> str:
        """Give the end of its log, and while it runs that of each file that its processes write."""
        text: bytes = self.container.get_wrapped_container().logs(tail=lines)
        if self.log_files and self._runs():
            text += self.container.exec(["sh", "-c", f"tail -n {int(lines)} {self.log_files}"]).output
        return text.decode(errors="replace")

    def _runs(self) -> bool:
        self.container.reload()
        return self.container.status not in {"exited", "dead", "removing"}

    def _end_of_log(self) -> str:
        lines = "".join(f"\n  {line}" for line in self.log(_LOG_LINES).splitlines())
        return f". Its log ends with:{lines}" if lines else ". Its log is empty"


def _rabbitmq(password: str) -> dict[str, str]:
    return {
        "RABBITMQ_DEFAULT_USER": _ADMINISTRATOR,
        "RABBITMQ_DEFAULT_PASS": password,
        "RABBITMQ_DEFAULT_VHOST": _VIRTUAL_HOST,
    }


def _taskify(password: str) -> dict[str, str]:
    return {
        "TASKIFY_POSTGRES_URL": f"postgresql://postgres:{password}@postgres:5432/postgres",
        "TASKIFY_RABBITMQ_URL": f"amqp://{_ADMINISTRATOR}:{password}@rabbitmq:{_AMQP}/{_VIRTUAL_HOST}",
        "TASKIFY_RABBITMQ_MANAGEMENT_URL": f"http://rabbitmq:{_MANAGEMENT}",
        "TASKIFY_DEMO": "false",
        **_PLENTY,
    }


def _postgres_answers(postgres: _Part) -> bool:
    """While the image initializes the server, that listens on no network address."""
    return postgres.container.exec(["pg_isready", "--quiet", "--host=127.0.0.1", "--username=postgres"]).exit_code == 0


def _rabbitmq_answers(http: httpx.Client, rabbitmq: _Part, password: str) -> bool:
    url = f"http://{rabbitmq.address(_MANAGEMENT)}/api/health/checks/port-listener/{_AMQP}"
    try:
        return http.get(url, auth=(_ADMINISTRATOR, password)).is_success
    except httpx.TransportError:
        return False


def _taskify_is_ready(http: httpx.Client, taskify: _Part) -> bool:
    try:
        return all(http.get(f"http://{taskify.address(port)}/health/ready").is_success for port in _PROCESSES)
    except httpx.TransportError:
        return False


@contextmanager
def _trouble_told() -> Iterator[None]:
    try:
        yield
    except DockerException as error:
        hint = f" ({_WITHOUT_RYUK})" if "ryuk" in str(error) else ""
        raise NotStartedError(f"the container engine does not do what is asked: {error}{hint}") from None
