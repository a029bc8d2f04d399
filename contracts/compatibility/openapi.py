"""Two versions of an API's OpenAPI 3.1 document."""

from collections.abc import Iterator

from contracts.compatibility.schema import Direction, Schema, Side, breaks

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


def api_breaks(old: Schema, new: Schema) -> Iterator[str]:
    """Tell what would break a client of the API, with its route."""
    for path, methods in old["paths"].items():
        for method, before in methods.items():
            if method not in _METHODS:
                continue
            after = new["paths"].get(path, {}).get(method)
            route = f"{method.upper()} {path}"
            if after is None:
                yield f"{route} was removed"
            else:
                told = (
                    *_parameters(Side(old, before), Side(new, after)),
                    *_body(Side(old, before), Side(new, after)),
                    *_responses(Side(old, before), Side(new, after)),
                    *_security(before, after),
                )
                yield from (f"{route}: {each}" for each in told)


def _parameters(old: Side, new: Side) -> Iterator[str]:
    before, after = _named(old), _named(new)
    for key, parameter in before.items():
        name = f"{key[0]} parameter {key[1]}"
        if key not in after:
            yield f"{name} was removed"
            continue
        if after[key].get("required", False) and not parameter.get("required", False):
            yield f"{name} is newly required"
        yield from breaks(
            old.at(parameter.get("schema", {})), new.at(after[key].get("schema", {})), Direction.TAKEN, name
        )
    for key in after.keys() - before.keys():
        if after[key].get("required", False):
            yield f"{key[0]} parameter {key[1]} is newly required"


def _named(side: Side) -> dict[tuple[str, str], Schema]:
    parameters = [side.at(parameter).resolved().schema for parameter in side.schema.get("parameters", ())]
    return {(parameter["in"], parameter["name"].lower()): parameter for parameter in parameters}


def _body(old: Side, new: Side) -> Iterator[str]:
    before, after = (side.at(side.schema.get("requestBody", {})).resolved() for side in (old, new))
    if after.schema.get("required", False) and not before.schema.get("required", False):
        yield "a body is newly required"
    yield from _content(before, after, Direction.TAKEN, "body")


def _responses(old: Side, new: Side) -> Iterator[str]:
    for status, answer in old.schema["responses"].items():
        if status not in new.schema["responses"]:
            yield f"status {status} was removed"
            continue
        before, after = old.at(answer).resolved(), new.at(new.schema["responses"][status]).resolved()
        yield from _content(before, after, Direction.SENT, f"{status} answer")
        headers = after.schema.get("headers", {})
        for name, header in before.schema.get("headers", {}).items():
            place = f"{status} answer: header {name}"
            if name not in headers:
                yield f"{place} was removed"
            else:
                schemas = old.at(header.get("schema", {})), new.at(headers[name].get("schema", {}))
                yield from breaks(*schemas, Direction.SENT, place)


def _content(old: Side, new: Side, direction: Direction, place: str) -> Iterator[str]:
    media = new.schema.get("content", {})
    for kind, described in old.schema.get("content", {}).items():
        if kind not in media:
            yield f"{place}: {kind} was removed"
        else:
            schemas = old.at(described.get("schema", {})), new.at(media[kind].get("schema", {}))
            yield from breaks(*schemas, direction, place)


def _security(before: Schema, after: Schema) -> Iterator[str]:
    """Each entry is one way to be let in; those that were there must be there still."""
    for way in before.get("security") or [{}]:
        if way not in (after.get("security") or [{}]):
            yield f"who comes with {', '.join(way) or 'no credentials'} is no longer let in"
