"""The documents, read by AsyncAPI's own parser."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.generate import SCHEMAS
from infra.local.logged import REPOSITORY
from infra.local.node import node

PARSER_SECONDS = 60
DOCUMENTS = sorted((SCHEMAS / "asyncapi").glob("*.json"))


def parsed(*documents: Path) -> subprocess.CompletedProcess[str]:
    script = REPOSITORY / "contracts" / "tools" / "validate.mjs"
    return subprocess.run(
        [node(), script, *documents], capture_output=True, text=True, timeout=PARSER_SECONDS, check=False
    )


def test_asyncapi_s_parser_takes_both_documents_without_a_warning() -> None:
    result = parsed(*DOCUMENTS)

    assert [path.name for path in DOCUMENTS] == ["broker.json", "socket.json"]
    assert (result.returncode, result.stderr) == (0, "")


def unknown_action(document: dict[str, Any]) -> None:
    document["operations"]["task-service.sends.TaskCreated"]["action"] = "sing"


def dangling_reference(document: dict[str, Any]) -> None:
    del document["components"]["schemas"]["TaskCreated"]


@pytest.mark.parametrize("harm", [unknown_action, dangling_reference])
def test_a_wrong_document_is_refused(harm: Callable[[dict[str, Any]], None], tmp_path: Path) -> None:
    document = json.loads(DOCUMENTS[0].read_text())
    harm(document)
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(document))

    result = parsed(broken)

    assert result.returncode == 1
    assert str(broken) in result.stderr
