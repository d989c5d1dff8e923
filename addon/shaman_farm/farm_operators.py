"""Which farm, what it offers, and what its job types may do here."""

import bpy

from . import farm_info, neighbours, preferences, scene, settings
from .job_types import JobType, Setting
from .manager import ManagerError, clean_url


class ShamanFarmRefresh(bpy.types.Operator):
    """Ask the farm for its job types and worker tags"""

    bl_idname = "shaman_farm.refresh"
    bl_label = "Refresh from Farm"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        farm_info.refresh()
        return {"FINISHED"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            farm_info.refresh_now()
        except ManagerError as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        return {"FINISHED"}


class ShamanFarmFind(bpy.types.Operator):
    """Look for farms on this network. Takes a few seconds, in the background"""

    bl_idname = "shaman_farm.find"
    bl_label = "Look for Farms"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bpy.app.online_access and not neighbours.is_searching()

    def execute(self, context: bpy.types.Context) -> set[str]:
        neighbours.search()
        return {"FINISHED"}


class ShamanFarmChoose(bpy.types.Operator):
    """Submit to this farm"""

    bl_idname = "shaman_farm.choose"
    bl_label = "Choose Farm"

    url: bpy.props.StringProperty(name="Address", options={"SKIP_SAVE"})
    token: bpy.props.StringProperty(
        name="Token",
        description="Only for farms that ask for one",
        subtype="PASSWORD",
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.url:
            return self.execute(context)
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            preferences.get().manager_url = clean_url(self.url)
        except ManagerError as problem:
            self.report({"ERROR"}, f"{problem}. {problem.hint}")
            return {"CANCELLED"}
        if self.token:
            preferences.get().token = self.token
        return {"FINISHED"}


class ShamanFarmForget(bpy.types.Operator):
    """Take this farm, and the token for it, off the list"""

    bl_idname = "shaman_farm.forget_farm"
    bl_label = "Forget This Farm"

    url: bpy.props.StringProperty(options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        preferences.forget_farm(self.url)
        return {"FINISHED"}


class ShamanFarmCompute(bpy.types.Operator):
    """Compute this setting from the scene"""

    bl_idname = "shaman_farm.compute"
    bl_label = "Compute"
    bl_options = {"UNDO", "INTERNAL"}

    key: bpy.props.StringProperty(options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        info, job_type = farm_info.current(), _job_type(context)
        setting = job_type.setting(self.key) if job_type else None
        if info is None or job_type is None or setting is None:
            return {"CANCELLED"}
        typed = settings.shown_values(context, job_type, info.output_root)
        name = scene.job_name(context.scene)
        try:
            value = settings.compute(context, job_type, setting, name, typed)
        except settings.SettingProblem as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        setattr(context.scene.shaman_farm_settings, self.key, value)
        return {"FINISHED"}


class ShamanFarmApprove(bpy.types.Operator):
    """Let these expressions of the job type run as Python in your Blender. Look at them first"""

    bl_idname = "shaman_farm.approve"
    bl_label = "Approve Job Type"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return farm_info.current() is not None

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_props_dialog(self, width=560)

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        column.label(text="These expressions come from the farm and would run as Python:")
        for setting in _expressions(context):
            column.label(text=f"{setting.key} = {setting.expression}")

    def execute(self, context: bpy.types.Context) -> set[str]:
        job_type = _job_type(context)
        if job_type is None:
            return {"CANCELLED"}
        preferences.approve(job_type.expressions_digest)
        return {"FINISHED"}


def _job_type(context: bpy.types.Context) -> JobType | None:
    info = farm_info.current()
    return info.job_type(scene.job_type_name(context.scene)) if info else None


def _expressions(context: bpy.types.Context) -> list[Setting]:
    job_type = _job_type(context)
    return [setting for setting in job_type.settings if setting.expression] if job_type else []


classes = (
    ShamanFarmRefresh,
    ShamanFarmFind,
    ShamanFarmChoose,
    ShamanFarmForget,
    ShamanFarmCompute,
    ShamanFarmApprove,
)
