import { Type } from 'typebox'
import {
  BlenderPathCheckResult,
  ConfigurationFile,
  FarmStatusReport,
  FlamencoVersion,
  ManagerConfiguration,
  ManagerVariableAudience,
  ManagerVariables,
  PathCheckInput,
  PathCheckResult,
  SetupAssistantConfig,
  SharedStorageLocation,
} from '../schemas/meta.ts'
import { operation, refusals } from './operation.ts'

export const metaOperations = {
  getVersion: operation({
    method: 'GET',
    path: '/version',
    tag: 'meta',
    summary: 'The version and name of this manager',
    responses: { 200: FlamencoVersion },
  }),
  getConfiguration: operation({
    method: 'GET',
    path: '/configuration',
    tag: 'meta',
    summary: 'What a client needs to know of the configuration',
    responses: { 200: ManagerConfiguration, ...refusals(500) },
  }),
  checkSharedStoragePath: operation({
    method: 'POST',
    path: '/configuration/check/shared-storage',
    tag: 'meta',
    summary: 'Whether a path can be the shared storage',
    body: PathCheckInput,
    responses: { 200: PathCheckResult, ...refusals(400) },
  }),
  findBlenderExePath: operation({
    method: 'GET',
    path: '/configuration/check/blender',
    tag: 'meta',
    summary: 'Look for Blender on this machine',
    responses: { 200: Type.Array(BlenderPathCheckResult), ...refusals(500) },
  }),
  checkBlenderExePath: operation({
    method: 'POST',
    path: '/configuration/check/blender',
    tag: 'meta',
    summary: 'Whether a path or command is Blender',
    body: PathCheckInput,
    responses: { 200: BlenderPathCheckResult, ...refusals(400) },
  }),
  saveSetupAssistantConfig: operation({
    method: 'POST',
    path: '/configuration/setup-assistant',
    tag: 'meta',
    summary: 'Save what the setup assistant asked for and start again with it',
    body: SetupAssistantConfig,
    responses: { 204: null, ...refusals(400, 500) },
  }),
  getConfigurationFile: operation({
    method: 'GET',
    path: '/configuration/file',
    tag: 'meta',
    summary: 'The whole configuration; secrets are masked',
    responses: { 200: ConfigurationFile },
  }),
  updateConfigurationFile: operation({
    method: 'PUT',
    path: '/configuration/file',
    tag: 'meta',
    summary: 'Replace the configuration; masked secrets keep their value',
    body: ConfigurationFile,
    responses: { 204: null, ...refusals(400, 500) },
  }),
  getVariables: operation({
    method: 'GET',
    path: '/configuration/variables/{audience}/{platform}',
    tag: 'meta',
    summary: 'The variables as one audience on one platform sees them',
    responses: { 200: ManagerVariables, ...refusals(400) },
  }),
  getSharedStorage: operation({
    method: 'GET',
    path: '/configuration/shared-storage/{audience}/{platform}',
    tag: 'meta',
    summary: 'Where jobs are stored, as one audience on one platform sees it',
    responses: { 200: SharedStorageLocation, ...refusals(400) },
  }),
  getFarmStatus: operation({
    method: 'GET',
    path: '/status',
    tag: 'meta',
    summary: 'What the farm as a whole is doing',
    responses: { 200: FarmStatusReport },
  }),
} as const

export const audienceParameter = ManagerVariableAudience
