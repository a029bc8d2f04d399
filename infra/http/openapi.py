"""The OpenAPI document of an API, written to a file that is checked in. Source: OpenAPI 3.1."""

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """Describe an API. FastAPI calls every described answer `application/json`; problems are not."""
    document = app.openapi()
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].get("default", {}).get("content", {}).pop("application/json", None)
    return document


def write_openapi(app: FastAPI, path: Path, *, check: bool) -> int:
    """Write the document, or with `check` only say whether the file is what the code says; give the exit code."""
    text = json.dumps(openapi_document(app), indent=2, ensure_ascii=False) + "\n"
    if check:
        if path.exists() and path.read_text() == text:
            return 0
        sys.stderr.write(f"{path} is stale: run `make contracts`\n")
        return 1
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return 0
