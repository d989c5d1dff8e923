import { Type } from 'typebox'
import { blenderPathSources, farmStatuses, variableAudiences } from '../status.ts'

export const FlamencoVersion = Type.Object({
  version: Type.String(),
  shortversion: Type.String(),
  name: Type.String(),
  git: Type.String(),
})
export type FlamencoVersion = Type.Static<typeof FlamencoVersion>

export const FarmStatusReport = Type.Object({ status: Type.Enum(farmStatuses) })
export type FarmStatusReport = Type.Static<typeof FarmStatusReport>

export const ManagerConfiguration = Type.Object({
  storageLocation: Type.String(),
  shamanEnabled: Type.Boolean(),
  isFirstRun: Type.Boolean(),
})
export type ManagerConfiguration = Type.Static<typeof ManagerConfiguration>

export const ManagerVariable = Type.Object({ value: Type.String(), is_twoway: Type.Boolean() })
export const ManagerVariables = Type.Record(Type.String(), ManagerVariable)
export type ManagerVariables = Type.Static<typeof ManagerVariables>

export const ManagerVariableAudience = Type.Enum(variableAudiences)

export const SharedStorageLocation = Type.Object({
  location: Type.String(),
  audience: ManagerVariableAudience,
  platform: Type.String(),
  shamanEnabled: Type.Boolean(),
})
export type SharedStorageLocation = Type.Static<typeof SharedStorageLocation>

export const PathCheckInput = Type.Object({ path: Type.String() })
export const PathCheckResult = Type.Object({
  path: Type.String(),
  is_usable: Type.Boolean(),
  cause: Type.String(),
})
export type PathCheckResult = Type.Static<typeof PathCheckResult>

export const BlenderPathCheckResult = Type.Object({
  input: Type.String(),
  path: Type.String(),
  source: Type.Enum(blenderPathSources),
  is_usable: Type.Boolean(),
  cause: Type.String(),
})
export type BlenderPathCheckResult = Type.Static<typeof BlenderPathCheckResult>

export const SetupAssistantConfig = Type.Object({
  storageLocation: Type.String(),
  blenderExecutable: BlenderPathCheckResult,
})
export type SetupAssistantConfig = Type.Static<typeof SetupAssistantConfig>

/** The configuration file's own keys; the manager checks the values key by key. */
export const ConfigurationFile = Type.Record(Type.String(), Type.Unknown())
export type ConfigurationFile = Type.Static<typeof ConfigurationFile>
