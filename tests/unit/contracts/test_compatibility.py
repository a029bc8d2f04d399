"""Changes made on purpose to the first released set: what breaks somebody is told, what does not is not."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from contracts.compatibility.released import RELEASED, read_set, set_breaks, set_folder

Set = dict[str, Any]

FIRST = read_set(set_folder(RELEASED, (1, 0, 0)))
ASSIGNED = "events/taskify.task.assigned.v1.json"
REQUESTED = "events/taskify.notification.requested.v1.json"
TASKS = "openapi/task_service.json"


def told(change: Callable[[Set], None]) -> list[str]:
    changed = deepcopy(FIRST)
    change(changed)
    assert changed != FIRST
    return list(set_breaks(FIRST, changed))


def definitions(files: Set, name: str) -> Any:
    return files[name]["$defs"]


def components(files: Set) -> Any:
    return files[TASKS]["components"]["schemas"]


def operation(files: Set, method: str, path: str) -> Any:
    return files[TASKS]["paths"][path][method]


def remove_an_event(files: Set) -> None:
    del files[ASSIGNED]


def remove_a_field(files: Set) -> None:
    data = definitions(files, ASSIGNED)["TaskAssignedData"]
    del data["properties"]["assignee"]
    data["required"].remove("assignee")


def need_a_new_field(files: Set) -> None:
    data = definitions(files, ASSIGNED)["TaskAssignedData"]
    data["properties"]["priority"] = {"type": "string"}
    data["required"].append("priority")


def leave_out_what_was_always_there(files: Set) -> None:
    definitions(files, ASSIGNED)["TaskAssignedData"]["required"].remove("assignee")


def send_another_type(files: Set) -> None:
    definitions(files, ASSIGNED)["Person"]["properties"]["name"]["type"] = "integer"


def send_null(files: Set) -> None:
    name = definitions(files, ASSIGNED)["Person"]["properties"]
    name["name"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}


def send_a_new_status(files: Set) -> None:
    definitions(files, "events/taskify.task.status_changed.v1.json")["TaskStatus"]["enum"].append("blocked")


def read_one_status_less(files: Set) -> None:
    definitions(files, "events/taskify.task.status_changed.v1.json")["TaskStatus"]["enum"].remove("todo")


def take_shorter_messages(files: Set) -> None:
    definitions(files, REQUESTED)["NotificationRequestedData"]["properties"]["message"]["maxLength"] = 100


def take_another_pattern(files: Set) -> None:
    definitions(files, REQUESTED)["NotificationRequestedData"]["properties"]["kind"]["pattern"] = "^x$"


def take_no_recipients_beyond_ten(files: Set) -> None:
    definitions(files, REQUESTED)["NotificationRequestedData"]["properties"]["recipients"]["maxItems"] = 10


def send_longer_titles(files: Set) -> None:
    definitions(files, ASSIGNED)["TaskReference"]["properties"]["title"]["maxLength"] = 300


def remove_a_frame(files: Set) -> None:
    frames = files["socket/server_frame.json"]
    frames["oneOf"] = [each for each in frames["oneOf"] if not each["$ref"].endswith("/Resync")]


def take_no_ping(files: Set) -> None:
    frames = files["socket/client_frame.json"]
    frames["oneOf"] = [each for each in frames["oneOf"] if not each["$ref"].endswith("/Ping")]


def remove_a_field_of_a_frame(files: Set) -> None:
    payload = definitions(files, "socket/server_frame.json")["NotificationPayload"]
    del payload["properties"]["unread_count"]
    payload["required"].remove("unread_count")


def remove_a_close_code(files: Set) -> None:
    del files["socket/close_codes.json"]["4401"]


def come_back_otherwise(files: Set) -> None:
    files["socket/close_codes.json"]["4401"]["come_back"] = "never"


def rename_a_problem(files: Set) -> None:
    problems = definitions(files, "problem.json")["ProblemType"]["enum"]
    problems[problems.index("email_taken")] = "address_taken"


def remove_a_route(files: Set) -> None:
    del files[TASKS]["paths"]["/api/users/me"]["get"]


def answer_with_another_status(files: Set) -> None:
    responses = operation(files, "post", "/api/tasks")["responses"]
    responses["200"] = responses.pop("201")


def need_a_parameter(files: Set) -> None:
    new = {"name": "workspace", "in": "query", "required": True, "schema": {"type": "string"}}
    operation(files, "get", "/api/tasks")["parameters"].append(new)


def remove_a_parameter(files: Set) -> None:
    parameters = operation(files, "get", "/api/tasks")["parameters"]
    parameters[:] = [each for each in parameters if each["name"] != "status"]


def need_a_field_of_a_request(files: Set) -> None:
    components(files)["CreateTaskRequest"]["required"].append("description")


def take_no_unknown_content_type(files: Set) -> None:
    content = operation(files, "post", "/api/tasks")["requestBody"]["content"]
    content["application/xml"] = content.pop("application/json")


def remove_a_field_of_an_answer(files: Set) -> None:
    task = components(files)["Task"]
    del task["properties"]["version"]
    task["required"].remove("version")


def need_a_token(files: Set) -> None:
    operation(files, "get", "/config.json")["security"] = [{"HTTPBearer": []}]


def remove_a_queue(files: Set) -> None:
    queues = files["topology.json"]["queues"]
    queues[:] = [each for each in queues if each["name"] != "notification-worker.requests"]


def change_a_queue_s_arguments(files: Set) -> None:
    files["topology.json"]["queues"][0]["arguments"]["x-max-length"] = 1


def bind_requests_no_more(files: Set) -> None:
    bindings = files["topology.json"]["bindings"]
    bindings[:] = [each for each in bindings if each["routing_key"] != "notification.requested"]


def take_rights_from_another_service(files: Set) -> None:
    files["topology.json"]["users"][-1]["topics"] = []


def change_a_routing_key(files: Set) -> None:
    files["asyncapi/broker.json"]["channels"]["notificationRequested"]["address"] = "notification.wanted"


def change_a_message_s_type(files: Set) -> None:
    properties = files["asyncapi/broker.json"]["components"]["messages"]["TaskAssigned"]["x-amqp-properties"]
    properties["type"] = "assigned"


def remove_a_header_of_dead_letters(files: Set) -> None:
    schemas = files["asyncapi/broker.json"]["components"]["schemas"]["DeadLetterHeaders"]
    del schemas["properties"]["x-reason"]
    schemas["required"].remove("x-reason")


def use_a_keyword_that_nobody_judges(files: Set) -> None:
    definitions(files, ASSIGNED)["Person"]["properties"]["name"]["not"] = {"const": "Ann"}


BREAKS = [
    (remove_an_event, "it was removed"),
    (remove_a_field, "data.assignee was removed"),
    (need_a_new_field, "data.priority is newly required"),
    (leave_out_what_was_always_there, "data.assignee is no longer always there"),
    (send_another_type, "data.actor.name was string, is integer"),
    (send_null, "data.actor.name may now also be null"),
    (send_a_new_status, "data.old_status may now also be 'blocked'"),
    (read_one_status_less, "data.old_status may no longer be 'todo'"),
    (take_shorter_messages, "data.message became narrower: maxLength was 500, is 100"),
    (take_another_pattern, "data.kind became narrower: pattern was"),
    (take_no_recipients_beyond_ten, "data.recipients became narrower: maxItems was 1000, is 10"),
    (send_longer_titles, "data.task.title became wider: maxLength was 200, is 300"),
    (remove_a_frame, "it may no longer be RESYNC"),
    (take_no_ping, "it may no longer be PING"),
    (remove_a_field_of_a_frame, "[NOTIFICATION].payload.unread_count was removed"),
    (remove_a_close_code, "close code 4401 was removed"),
    (come_back_otherwise, "close code 4401: come_back was with_new_token, is never"),
    (rename_a_problem, "type may no longer be 'email_taken'"),
    (remove_a_route, "GET /api/users/me was removed"),
    (answer_with_another_status, "POST /api/tasks: status 201 was removed"),
    (need_a_parameter, "GET /api/tasks: query parameter workspace is newly required"),
    (remove_a_parameter, "GET /api/tasks: query parameter status was removed"),
    (need_a_field_of_a_request, "POST /api/tasks: body.description is newly required"),
    (take_no_unknown_content_type, "POST /api/tasks: body: application/json was removed"),
    (remove_a_field_of_an_answer, "GET /api/tasks/{task_id}: 200 answer.version was removed"),
    (need_a_token, "GET /config.json: who comes with no credentials is no longer let in"),
    (remove_a_queue, "queue notification-worker.requests was removed"),
    (change_a_queue_s_arguments, "queue notification-worker.task-events.0 was changed"),
    (bind_requests_no_more, "notification.requested was removed"),
    (take_rights_from_another_service, "the rights of another service were changed"),
    (change_a_routing_key, "channel notificationRequested: address was notification.requested"),
    (change_a_message_s_type, "message TaskAssigned: x-amqp-properties was"),
    (remove_a_header_of_dead_letters, "message DeadLetter: headers.x-reason was removed"),
    (use_a_keyword_that_nobody_judges, "data.actor.name differs in not, which cannot be judged"),
]


@pytest.mark.parametrize(("change", "expected"), BREAKS, ids=lambda value: getattr(value, "__name__", None))
def test_a_change_that_breaks_somebody_is_told(change: Callable[[Set], None], expected: str) -> None:
    assert any(expected in each for each in told(change)), told(change)


def add_an_event(files: Set) -> None:
    files["events/taskify.task.assigned.v2.json"] = {"type": "object"}


def add_an_optional_field(files: Set) -> None:
    definitions(files, ASSIGNED)["TaskAssignedData"]["properties"]["priority"] = {"type": "string"}
    components(files)["CreateTaskRequest"]["properties"]["priority"] = {"type": "string"}


def always_send_one_more_field(files: Set) -> None:
    task = components(files)["Task"]
    task["properties"]["priority"] = {"type": "string"}
    task["required"].append("priority")


def take_longer_messages(files: Set) -> None:
    definitions(files, REQUESTED)["NotificationRequestedData"]["properties"]["message"]["maxLength"] = 1_000


def take_another_frame(files: Set) -> None:
    definitions(files, "socket/client_frame.json")["Hello"] = {"properties": {"type": {"const": "HELLO"}}}
    files["socket/client_frame.json"]["oneOf"].append({"$ref": "#/$defs/Hello"})


def send_another_frame(files: Set) -> None:
    definitions(files, "socket/server_frame.json")["Hello"] = {"properties": {"type": {"const": "HELLO"}}}
    files["socket/server_frame.json"]["oneOf"].append({"$ref": "#/$defs/Hello"})


def add_a_problem(files: Set) -> None:
    definitions(files, "problem.json")["ProblemType"]["enum"].append("task_locked")
    components(files)["ProblemType"]["enum"].append("task_locked")


def add_a_close_code(files: Set) -> None:
    files["socket/close_codes.json"]["4410"] = {"name": "GONE", "meaning": "gone", "come_back": "never"}


def add_a_route_a_parameter_and_a_status(files: Set) -> None:
    files[TASKS]["paths"]["/api/labels"] = {"get": {"responses": {"200": {}}}}
    listing = operation(files, "get", "/api/tasks")
    listing["parameters"].append({"name": "label", "in": "query", "schema": {"type": "string"}})
    listing["responses"]["206"] = {}


def add_a_queue_and_its_binding(files: Set) -> None:
    files["topology.json"]["queues"].append({"name": "search.tasks", "arguments": {}})
    binding = {"exchange": "domain.events", "queue": "search.tasks", "routing_key": "task.#"}
    files["topology.json"]["bindings"].append(binding)


def explain_better(files: Set) -> None:
    files[ASSIGNED]["description"] = "Somebody is to do a task."
    files["socket/close_codes.json"]["4401"]["meaning"] = "log in again"


COMPATIBLE = [
    add_an_event,
    add_an_optional_field,
    always_send_one_more_field,
    take_longer_messages,
    take_another_frame,
    send_another_frame,
    add_a_problem,
    add_a_close_code,
    add_a_route_a_parameter_and_a_status,
    add_a_queue_and_its_binding,
    explain_better,
]


@pytest.mark.parametrize("change", COMPATIBLE)
def test_an_addition_is_not_told(change: Callable[[Set], None]) -> None:
    assert told(change) == []
