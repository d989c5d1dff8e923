"""The panel in the Output properties, and the same in the sidebar."""

import bpy

from . import farm_info, panel_farm, panel_job, panel_jobs, panel_submission, scene


class _OutputProperties:
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "output"


class _Sidebar:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Farm"


class _FarmPanel:
    bl_label = "Shaman Farm"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        if not bpy.app.online_access:
            panel_farm.draw_offline(layout)
            return
        info = farm_info.current()
        panel_farm.draw_farm(layout, info)
        if info is None:
            return
        job_type = info.job_type(scene.job_type_name(context.scene))
        panel_job.draw_job(layout, context, info, job_type)
        panel_submission.draw_submission(layout, context)


class SHAMAN_FARM_PT_output(_FarmPanel, _OutputProperties, bpy.types.Panel):
    pass


class SHAMAN_FARM_PT_sidebar(_FarmPanel, _Sidebar, bpy.types.Panel):
    pass


class _OptionsPanel:
    bl_label = "Options"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bpy.app.online_access and farm_info.current() is not None

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.use_property_split = True
        self.layout.use_property_decorate = False
        info = farm_info.current()
        if info:
            panel_job.draw_options(self.layout, context, info)


class SHAMAN_FARM_PT_output_options(_OptionsPanel, _OutputProperties, bpy.types.Panel):
    bl_parent_id = "SHAMAN_FARM_PT_output"


class SHAMAN_FARM_PT_sidebar_options(_OptionsPanel, _Sidebar, bpy.types.Panel):
    bl_parent_id = "SHAMAN_FARM_PT_sidebar"


class _JobsPanel:
    bl_label = "My Jobs"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bpy.app.online_access

    def draw(self, context: bpy.types.Context) -> None:
        panel_jobs.draw_jobs(self.layout)


class SHAMAN_FARM_PT_output_jobs(_JobsPanel, _OutputProperties, bpy.types.Panel):
    bl_parent_id = "SHAMAN_FARM_PT_output"


class SHAMAN_FARM_PT_sidebar_jobs(_JobsPanel, _Sidebar, bpy.types.Panel):
    bl_parent_id = "SHAMAN_FARM_PT_sidebar"


classes = (
    SHAMAN_FARM_PT_output,
    SHAMAN_FARM_PT_sidebar,
    SHAMAN_FARM_PT_output_options,
    SHAMAN_FARM_PT_sidebar_options,
    SHAMAN_FARM_PT_output_jobs,
    SHAMAN_FARM_PT_sidebar_jobs,
)
