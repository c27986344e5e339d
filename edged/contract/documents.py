"""Documents: the files of the contract."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from edged.contract.asyncapi import asyncapi
from edged.contract.channels import CHANNELS

HEADER = """\
# What edged says and hears over MQTT, for programs. Made by `edged check --contract config` from the message types.
# The payloads are described in schemas/; a test holds both to what edged sends.
"""


def documents() -> Mapping[str, str]:
    """By path below the folder of the contract: ``asyncapi.yaml`` and ``schemas/<payload>.json``."""
    schemas = {
        f"schemas/{payload.name}.json": _json(payload.schema) for channel in CHANNELS for payload in channel.payloads
    }
    return {"asyncapi.yaml": HEADER + _yaml(asyncapi()), **schemas}


def write(folder: Path) -> None:
    """Write every document into ``folder``; OSError where that cannot be done."""
    for path, text in documents().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _json(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


class _Whole(yaml.SafeDumper):
    """Writes what occurs twice twice: a reader need not know of YAML's anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # what it is asked
        return True


def _yaml(document: Mapping[str, Any]) -> str:
    return yaml.dump(document, Dumper=_Whole, sort_keys=False, allow_unicode=True, width=118)
