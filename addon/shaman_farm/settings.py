"""The values of a job type's settings: typed, given by a script, or computed from the scene."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from . import preferences, setting_properties
from .expressions import ExpressionError, NeedsApproval, evaluate
from .job_types import JobType, Setting
from .manager import ManagerError
from .setting_properties import link_key


class SettingProblem(ManagerError):
    """A setting without a usable value. `reason` is for those who see the field."""

    def __init__(self, setting: Setting, reason: str, *, needs_approval: bool = False) -> None:
        super().__init__("SETTING_INVALID", f"{setting.title}: {reason}")
        self.setting = setting
        self.reason = reason
        self.needs_approval = needs_approval


def use(job_type: JobType | None) -> None:
    """Makes the scene's settings those of `job_type`. Values of settings that it shares with the last one stay."""
    setting_properties.use(job_type, scene_changed)


def is_linked(group: Any, setting: Setting) -> bool:
    """Whether the value follows the scene."""
    return setting.is_linkable and bool(getattr(group, link_key(setting), False))


def is_computed(group: Any, setting: Setting) -> bool:
    """Whether nobody types the value: it follows the scene, is read-only, or is not shown in Blender."""
    if not setting.expression:
        return False
    return is_linked(group, setting) or not setting.is_editable or not setting.is_shown


def values(
    context: bpy.types.Context,
    job_type: JobType,
    job_name: str,
    output_root: str,
    given: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Every setting's value for a submission; raises ManagerError. `given` wins over the panel's values.

    The .blend's place in the checkout is not known here: the pack tool fills it in.
    """
    given = given or {}
    _refuse_unknown(job_type, given)
    group = getattr(context.scene, "shaman_farm_settings", None)
    typed = {
        setting.key: _typed_value(group, setting, given, output_root)
        for setting in job_type.settings
        if setting.key != "blendfile"
    }
    for setting in job_type.settings:
        if setting.key in given or setting.key not in typed:
            continue
        # An empty value of a setting that knows how to fill itself means "fill it".
        is_unset = bool(setting.expression) and typed[setting.key] in (None, "", 0)
        if not is_unset and not is_computed(group, setting):
            continue
        typed[setting.key] = compute(context, job_type, setting, job_name, typed)
    for setting in job_type.settings:
        if setting.is_required and setting.key in typed and typed[setting.key] in (None, ""):
            raise SettingProblem(setting, "it needs a value")
    return {key: value for key, value in typed.items() if value is not None}


def _refuse_unknown(job_type: JobType, given: dict[str, Any]) -> None:
    """A misspelled setting would leave the job with the scene's value."""
    unknown = [key for key in given if job_type.setting(key) is None]
    if unknown:
        raise ManagerError(
            "SETTING_UNKNOWN",
            f'The job type "{job_type.name}" has no setting "{unknown[0]}"',
            f"It has {', '.join(setting.key for setting in job_type.settings)}",
        )


@dataclass(frozen=True)
class Shown:
    """What the panel shows of a computed value."""

    text: str = ""
    problem: str = ""
    needs_approval: bool = False


_shown: dict[str, Shown] = {}
_shown_for: tuple[Any, ...] = ()


def scene_changed() -> None:
    """The scene or a setting is another now: computed values are worked out anew when they are next shown."""
    global _shown_for
    _shown_for = ()


def shown(
    context: bpy.types.Context, job_type: JobType, job_name: str, output_root: str
) -> dict[str, Shown]:
    """Computed values for the panel. Worked out once per change, not once per redraw."""
    global _shown, _shown_for
    approved = preferences.is_approved(job_type.expressions_digest)
    key = (job_type.etag, context.scene.name, job_name, output_root, bpy.data.filepath, approved)
    if _shown_for != key:
        _shown = _show(context, job_type, job_name, output_root)
        _shown_for = key
    return _shown


def _show(
    context: bpy.types.Context, job_type: JobType, job_name: str, output_root: str
) -> dict[str, Shown]:
    typed = shown_values(context, job_type, output_root)
    result = {}
    for setting in job_type.settings:
        if not setting.expression:
            result[setting.key] = Shown("" if typed.get(setting.key) is None else str(typed[setting.key]))
            continue
        try:
            value = compute(context, job_type, setting, job_name, typed)
            result[setting.key] = Shown(str(value))
        except SettingProblem as problem:
            result[setting.key] = Shown("", problem.reason, problem.needs_approval)
    return result


def shown_values(
    context: bpy.types.Context, job_type: JobType, output_root: str
) -> dict[str, Any]:
    """The panel's values before anything is computed."""
    group = getattr(context.scene, "shaman_farm_settings", None)
    return {
        setting.key: _typed_value(group, setting, {}, output_root) for setting in job_type.settings
    }


def compute(
    context: bpy.types.Context,
    job_type: JobType,
    setting: Setting,
    job_name: str,
    typed: dict[str, Any],
) -> Any:
    """The value of the setting's expression."""
    names = {
        "C": context,
        "bpy": bpy,
        "jobname": job_name,
        "settings": _Settings(typed),
        "Path": Path,
        "abspath": abspath,
        "last_n_dir_parts": last_n_dir_parts,
    }
    approved = preferences.is_approved(job_type.expressions_digest)
    try:
        value = evaluate(setting.expression, names, is_approved=approved)
    except NeedsApproval as error:
        raise SettingProblem(
            setting, f"{error}, which runs only after you approve it", needs_approval=True
        ) from error
    except ExpressionError as error:
        raise SettingProblem(setting, str(error)) from error
    return _coerce(setting, value)


def abspath(path: Any) -> Path:
    """Absolute and without `..`; `//` is the .blend's folder."""
    return Path(_normalise(bpy.path.abspath(str(path))))


def last_n_dir_parts(count: int, file_path: Any = None) -> Path:
    """The last folders of the .blend, or of another file."""
    folder = Path(bpy.data.filepath if file_path is None else file_path).parent
    parts = folder.parts[1:] if folder.anchor else folder.parts
    return Path(*parts[-count:]) if count > 0 else Path()


class _Settings:
    """`settings.frames` in expressions."""

    def __init__(self, typed: dict[str, Any]) -> None:
        self.__dict__.update({key: "" if value is None else value for key, value in typed.items()})


def _typed_value(group: Any, setting: Setting, given: dict[str, Any], output_root: str) -> Any:
    if setting.key in given:
        return _coerce(setting, given[setting.key])
    value = setting.default
    if setting.is_shown and setting.is_editable and hasattr(group, setting.key):
        value = getattr(group, setting.key)
        if setting.choices and value not in setting.choices:
            value = setting.default
    if setting.key == "render_output_root" and value in (None, ""):
        return output_root or None
    if setting.subtype in ("file_path", "dir_path", "hashed_file_path") and value:
        return _normalise(bpy.path.abspath(str(value)))
    return value


def _normalise(path: str) -> str:
    return os.path.normpath(path) if path else path


def _coerce(setting: Setting, value: Any) -> Any:
    try:
        if setting.type == "int32":
            return int(value)
        if setting.type == "float":
            return float(value)
        if setting.type == "bool":
            return value if isinstance(value, bool) else str(value).lower() in ("true", "1", "yes")
        return str(value)
    except (TypeError, ValueError) as error:
        raise SettingProblem(setting, f"{value!r} is not of type {setting.type}") from error
