import { type Handlers, noContent, ok } from '../http/route.ts'
import type { Services } from '../services.ts'
import { withSetup } from '../setup/assistant.ts'
import { checkBlender, findBlender } from '../setup/blender-check.ts'
import { checkStoragePath } from '../setup/storage-check.ts'
import { expandVariables, resolveVariables } from '../variables/main.ts'
import { versionOf } from '../version.ts'
import { maskSecrets } from './config.ts'

export function configHandlers(services: Services): Handlers {
  const { farm, variables, shaman, farmStatus, restart } = services
  const { config } = farm
  return {
    getVersion: () => ok(versionOf(config.current.raw)),
    getFarmStatus: () => ok({ status: farmStatus.status }),
    getConfiguration: () =>
      ok({
        storageLocation: config.current.storage,
        shamanEnabled: shaman !== undefined,
        isFirstRun: config.current.isFirstRun,
      }),
    checkSharedStoragePath: async ({ body }) =>
      ok(await checkStoragePath(body.path, { ownDir: config.current.dataDir })),
    findBlenderExePath: async () => ok(await findBlender()),
    checkBlenderExePath: async ({ body }) => ok(await checkBlender(body.path)),
    saveSetupAssistantConfig({ body }) {
      config.replace(withSetup(config.current.raw, body))
      restart?.()
      return noContent
    },
    getConfigurationFile: () => ok({ ...maskSecrets(config.current.raw) }),
    updateConfigurationFile({ body }) {
      config.replace(body)
      farm.log.info('configuration changed')
      return noContent
    },
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
