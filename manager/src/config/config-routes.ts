import { type Handlers, noContent, ok } from '../http/route.ts'
import type { Services } from '../services.ts'
import { withSetup } from '../setup/assistant.ts'
import { checkBlender, findBlender } from '../setup/blender-check.ts'
import { checkStoragePath, needStorage } from '../setup/storage-check.ts'
import { expandVariables, resolveVariables } from '../variables/main.ts'
import { versionOf } from '../version.ts'
import { maskSecrets } from './secrets.ts'
import { createSettings } from './settings.ts'

export function configHandlers(services: Services): Handlers {
  const { farm, variables, shaman, farmStatus, restart } = services
  const { config } = farm
  const settings = createSettings(farm)
  const ownDirs = () => ({ ownDir: config.current.dataDir, storage: config.current.storage })
  return {
    getVersion: () => ok(versionOf(config.current.raw)),
    getFarmStatus: () => ok({ status: farmStatus.status }),
    getConfiguration: () =>
      ok({
        storageLocation: config.current.storage,
        shamanEnabled: shaman !== undefined,
        isFirstRun: config.current.isFirstRun,
      }),
    checkSharedStoragePath: async ({ body }) => ok(await checkStoragePath(body.path, ownDirs())),
    findBlenderExePath: async () => ok(await findBlender()),
    checkBlenderExePath: async ({ body }) => ok(await checkBlender(body.path)),
    async saveSetupAssistantConfig({ body }) {
      const next = withSetup(config.stored(), body)
      await needStorage(next.shared_storage_path, ownDirs())
      settings.replace(next)
      restart?.()
      return noContent
    },
    getConfigurationFile: () => ok({ ...maskSecrets(config.stored()) }),
    updateConfigurationFile({ body }) {
      settings.replace(body)
      return noContent
    },
    farmChangeConfig: ({ body }) => ok(settings.patch(body)),
    farmConfigHistory: () => ok({ revisions: settings.history() }),
    farmUndoConfig: ({ body }) => ok(settings.undo(body.revision)),
    getVariables({ params }) {
      const target = { audience: params.audience as 'workers' | 'users', platform: params.platform }
      const found = resolveVariables(variables.variables(), target)
      return ok(
        Object.fromEntries(
          found.map(({ name, value, isTwoway }) => [name, { value, is_twoway: isTwoway }]),
        ),
      )
    },
    getSharedStorage({ params }) {
      const audience = params.audience as 'workers' | 'users'
      const { platform } = params
      return ok({
        location: locationFor(services, config.current.jobsLocation, audience, platform),
        audience,
        platform,
        shamanEnabled: shaman !== undefined,
      })
    },
    farmSubmissionDefaults({ query }) {
      const platform = query.platform ?? variables.managerPlatform
      const { renderOutputRoot, jobsLocation } = config.current
      return ok({
        render_output_root: locationFor(services, renderOutputRoot, 'users', platform),
        jobs_location: locationFor(services, jobsLocation, 'users', platform),
        shaman_enabled: shaman !== undefined,
      })
    },
  }
}

/** A path of this machine as others have it. */
function locationFor(
  { variables }: Services,
  path: string,
  audience: 'workers' | 'users',
  platform: string,
): string {
  return expandVariables(path, {
    variables: variables.variables(),
    audience,
    platform,
    managerPlatform: variables.managerPlatform,
  })
}
