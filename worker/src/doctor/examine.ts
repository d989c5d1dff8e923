import type { ManagerVariables } from '@shaman-farm/manager-api'
import type { WorkerClient } from '@shaman-farm/manager-api/worker-client'
import { platformName } from '../identity.ts'
import { type RunProgram, runPlainly } from '../process/run-program.ts'
import {
  checkBlender,
  checkDevices,
  checkDisk,
  checkFfmpeg,
  checkManager,
  checkStorage,
  checkThroughput,
  type Finding,
  runChecks,
} from './checks.ts'

export interface ExamineOptions {
  /** Without a manager only what concerns this machine is looked at. */
  client: WorkerClient | undefined
  home: string
  /** Default: each Blender that the manager's variables name. */
  blender?: string | undefined
  /** `light` takes a second and disturbs nobody: no test render, no throughput. */
  depth: 'light' | 'all'
  run?: RunProgram
}

/** Looks whether this machine can render for the farm. What breaks is a finding too. */
export async function examine(options: ExamineOptions): Promise<Finding[]> {
  const { client, home, depth, run = runPlainly } = options
  const programs = await programsHere(client)
  const blenders = options.blender === undefined ? programs.blenders : [options.blender]
  const isLight = depth === 'light'
  return runChecks({
    blender: () => Promise.all(blenders.map((exe) => checkBlender(exe, run))),
    devices: () => (isLight ? notYet('devices') : allDevices(blenders, run)),
    ffmpeg: () => checkFfmpeg(programs.ffmpeg, run),
    disk: () => checkDisk(home),
    ...(client === undefined
      ? {}
      : {
          manager: () => checkManager(client.url),
          storage: () => checkStorage(client),
          throughput: () => (isLight ? notYet('throughput') : checkThroughput(client)),
        }),
  })
}

async function notYet(check: string): Promise<Finding> {
  return { check, status: 'skipped', message: 'looked at when the worker has nothing to do' }
}

async function allDevices(blenders: readonly string[], run: RunProgram): Promise<Finding[]> {
  const found: Finding[] = []
  // One after the other: two at a time would tell how they get on with each other.
  for (const exe of blenders) found.push(...(await checkDevices(exe, run)))
  return found
}

interface Programs {
  blenders: string[]
  ffmpeg: string
}

/** What tasks will call here: the manager's variables say. */
async function programsHere(client: WorkerClient | undefined): Promise<Programs> {
  const params = { audience: 'workers', platform: platformName() }
  const asked = client?.getVariables({ params, timeoutMs: 5_000 })
  const variables: ManagerVariables = (await asked?.catch(() => undefined)) ?? {}
  const values = Object.entries(variables)
    .filter(([name, { value }]) => /^blender(?!.*args)/i.test(name) && value !== '')
    .map(([, { value }]) => value)
  const ffmpeg = variables.ffmpeg?.value || 'ffmpeg'
  return { blenders: values.length > 0 ? [...new Set(values)] : ['blender'], ffmpeg }
}
