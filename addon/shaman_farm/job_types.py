"""Job types as the manager describes them. Knows nothing of Blender."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

TYPES = ("string", "int32", "float", "bool")


@dataclass(frozen=True)
class Setting:
    key: str
    type: str
    label: str = ""
    description: str = ""
    subtype: str = ""
    choices: tuple[str, ...] = ()
    limits: dict[str, Any] = field(default_factory=dict)
    default: Any = None
    expression: str = ""
    expression_description: str = ""
    is_linkable: bool = False
    visible: str = "visible"
    is_required: bool = False
    is_editable: bool = True

    @property
    def is_shown(self) -> bool:
        """Whether Blender's panel shows it; `web` and `hidden` ones are computed on submission."""
        return self.visible in ("visible", "submission")

    @property
    def title(self) -> str:
        return self.label or self.key.replace("_", " ").title()


@dataclass(frozen=True)
class JobType:
    name: str
    label: str
    etag: str
    description: str = ""
    settings: tuple[Setting, ...] = ()

    @property
    def expressions_digest(self) -> str:
        """What an artist approves: the expressions themselves. An etag is only what a farm says of them."""
        listed = [[setting.key, setting.expression] for setting in self.settings if setting.expression]
        return hashlib.sha256(json.dumps(listed).encode()).hexdigest()

    def setting(self, key: str) -> Setting | None:
        return next((setting for setting in self.settings if setting.key == key), None)


def parse_job_types(answer: Any) -> list[JobType]:
    """Job types from the answer of /jobs/types; what cannot be understood is left out."""
    listed = answer.get("job_types") if isinstance(answer, dict) else None
    types = [parse_job_type(item) for item in listed or [] if isinstance(item, dict)]
    return [job_type for job_type in types if job_type.name]


def parse_job_type(item: dict[str, Any]) -> JobType:
    settings = [
        _parse_setting(setting)
        for setting in item.get("settings") or []
        if isinstance(setting, dict)
    ]
    return JobType(
        name=str(item.get("name", "")),
        label=str(item.get("label") or item.get("name", "")),
        etag=str(item.get("etag", "")),
        description=str(item.get("description") or ""),
        settings=tuple(setting for setting in settings if setting.key and setting.type in TYPES),
    )


def _parse_setting(item: dict[str, Any]) -> Setting:
    info = item.get("evalInfo") or {}
    limits = item.get("propargs")
    return Setting(
        key=str(item.get("key", "")),
        type=str(item.get("type", "")),
        label=str(item.get("label") or ""),
        description=str(item.get("description") or ""),
        subtype=str(item.get("subtype") or ""),
        choices=tuple(str(choice) for choice in item.get("choices") or ()),
        limits=limits if isinstance(limits, dict) else {},
        default=item.get("default"),
        expression=str(item.get("eval") or ""),
        expression_description=str(info.get("description") or ""),
        is_linkable=bool(info.get("showLinkButton")),
        visible=str(item.get("visible") or "visible"),
        is_required=bool(item.get("required")),
        # A manager leaves out what a script leaves out, and a setting is editable unless it says otherwise.
        is_editable=item.get("editable", True) is not False,
    )


def as_text(value: Any) -> str:
    """A value as the pack tool reads it from its command line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(round(value, 6))
    return str(value)
