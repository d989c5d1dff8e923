import { Type } from 'typebox'
import { settingSubtypes, settingTypes, settingVisibilities } from '../status.ts'

/** Optional keys are left out when the script leaves them out: the add-on reads a missing key as its own default. */
export const AvailableJobSetting = Type.Object({
  key: Type.String(),
  type: Type.Enum(settingTypes),
  subtype: Type.Optional(Type.Enum(settingSubtypes)),
  choices: Type.Optional(Type.Array(Type.String())),
  propargs: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  description: Type.Optional(Type.Unknown()),
  label: Type.Optional(Type.Unknown()),
  default: Type.Optional(Type.Unknown()),
  eval: Type.Optional(Type.String()),
  evalInfo: Type.Optional(
    Type.Object({
      showLinkButton: Type.Optional(Type.Boolean()),
      description: Type.Optional(Type.String()),
    }),
  ),
  visible: Type.Optional(Type.Enum(settingVisibilities)),
  required: Type.Optional(Type.Boolean()),
  editable: Type.Optional(Type.Boolean()),
})
export type AvailableJobSetting = Type.Static<typeof AvailableJobSetting>

export const AvailableJobType = Type.Object({
  name: Type.String(),
  label: Type.String(),
  description: Type.Optional(Type.String()),
  settings: Type.Array(AvailableJobSetting),
  etag: Type.String(),
})
export type AvailableJobType = Type.Static<typeof AvailableJobType>

export const AvailableJobTypes = Type.Object({ job_types: Type.Array(AvailableJobType) })
export type AvailableJobTypes = Type.Static<typeof AvailableJobTypes>
