import { mkdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { collectRegularly, openShaman, type Shaman } from '@shaman-farm/shaman'
import { CodedError } from '@shaman-farm/terminal/coded-error'
import { type Logger, pino } from 'pino'
import { type Config, openConfig } from './config/config.ts'
import { parseDuration } from './config/durations.ts'
import { backUpBefore } from './db/backups.ts'
import { keepCheckpoints } from './db/checkpoints.ts'
import { damaged, openDatabase } from './db/open.ts'
import { advertise } from './discovery/advertise.ts'
import { ownUrls } from './discovery/own-urls.ts'
import { publishToMqtt } from './events/mqtt.ts'
import { createFarm, type Farm } from './farm.ts'
import { keepFarmStatus } from './farm-status/farm-status.ts'
import { createServer, type HttpServer } from './http/server.ts'
import { openJobTypes } from './job-types/main.ts'
import { createJobDeletions } from './jobs/job-deletions.ts'
import { unsettledJobStatuses } from './jobs/job-rules.ts'
import { createSubmissions, dropUnfinishedSubmissions } from './jobs/submission.ts'
import { createLastRendered } from './last-rendered/last-rendered.ts'
import { settleJob } from './lifecycle/job-status.ts'
import { sendWebhooks } from './notifications/webhooks.ts'
import { createTaskRequests } from './scheduler/task-requests.ts'
import { forgiveSilence } from './scheduler/timeouts.ts'
import type { Services } from './services.ts'
import { prepareStorage } from './setup/storage-check.ts'
import { startTimers } from './timers.ts'
import { createVariableBook } from './variables-book.ts'

export { defaultDataDir } from './config/config.ts'
export { FarmError } from './problems.ts'

export interface ManagerOptions {
  /** The manager's own folder: database, logs, index, configuration. */
  dataDir: string
  /** The storage root; without it, the configuration's, or `storage` in the data folder. */
  storage?: string | undefined
  host?: string | undefined
  /** 0 takes any free one. */
  port?: number | undefined
  configFile?: string | undefined
  scriptsDir?: string | undefined
  log?: Logger
  now?: () => number
  /** How often to look whether the store is to be collected; default a minute. */
  storeLookMs?: number
  /** Called when the configuration was changed in a way that asks for a new start. */
  onRestart?: () => void
  /** Called when a check finds the database damaged: stop at once, and restore a backup. */
  onDamage?: (error: Error) => void
}

export interface RunningManager {
  url: string
  close(): Promise<void>
}

/** Starts a manager; resolves once it answers. Rejects with an error in words when it cannot. */
export async function startManager(options: ManagerOptions): Promise<RunningManager> {
  const log = options.log ?? pino({ level: 'silent' })
  const config = openConfig(options)
  mkdirSync(config.current.dataDir, { recursive: true })
  await prepareStorage(config.current.storage)
  const { databasePath, dataDir } = config.current
  const db = openDatabase({
    path: databasePath,
    log,
    beforeMigration: (old, version) => backUpBefore(old, dataDir, version, log),
  })
  const farm = createFarm({ db, log, config, ...(options.now ? { now: options.now } : {}) })
  const closers: (() => Promise<void> | void)[] = [() => void db.close(), farm.transactions.flush]
  try {
    const shaman = await openStore(farm, options, closers)
    const { services, http } = await assemble(farm, shaman, options, closers)
    carryOn(farm)
    await listen(http, config.current.host, config.current.port)
    closers.push(() => http.endStreams())
    tellTheNetwork(farm, http, closers)
    closers.push(keepCheckpoints(databasePath, log))
    closers.push(sendWebhooks(farm).close)
    farm.publish({ kind: 'lifecycle', data: { type: 'manager-startup' } })
    const url = urlOf(http, config.current)
    log.info({ url, storage: config.current.storage }, 'manager listening')
    return { url, close: () => stop(services, closers) }
  } catch (error) {
    await closeAll(closers, log)
    throw error
  }
}

async function openStore(
  farm: Farm,
  { storeLookMs }: ManagerOptions,
  closers: (() => Promise<void> | void)[],
): Promise<Shaman | undefined> {
  const { current } = farm.config
  const { enabled, blobsIn } = current.raw.shaman
  if (!enabled) return undefined
  const shaman = await openShaman({
    // Loaded only where it is used: the client of S3 is large.
    ...(blobsIn && { blobsIn: (await import('@shaman-farm/shaman/s3')).openS3(blobsIn) }),
    root: current.storage,
    stateDir: join(current.dataDir, 'shaman'),
    log: farm.log,
    now: farm.now,
  })
  closers.push(() => shaman.close())
  const { period, maxAge } = current.raw.shaman.garbageCollect
  const everyMs = parseDuration(period)
  const maxAgeMs = parseDuration(maxAge)
  closers.push(
    collectRegularly(shaman, {
      log: farm.log,
      ...(storeLookMs === undefined ? {} : { lookEveryMs: storeLookMs }),
      ...(everyMs === undefined ? {} : { everyMs }),
      ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    }),
  )
  return shaman
}

async function assemble(
  farm: Farm,
  shaman: Shaman | undefined,
  options: ManagerOptions,
  closers: (() => Promise<void> | void)[],
): Promise<{ services: Services; http: HttpServer }> {
  const { log, config } = farm
  const jobTypes = openJobTypes({ scriptsDir: scriptsDirOf(options), log })
  closers.push(() => jobTypes.close())
  const variables = createVariableBook(config)
  const requests = createTaskRequests(farm)
  const deletions = createJobDeletions(farm, shaman)
  const lastRendered = createLastRendered(farm)
  const farmStatus = keepFarmStatus(farm)
  closers.push(() => deletions.close())
  closers.push(() => lastRendered.idle())
  closers.push(() => farmStatus.close())
  const services: Services = {
    farm,
    jobTypes,
    variables,
    submissions: createSubmissions(farm, jobTypes, variables),
    deletions,
    requests,
    lastRendered,
    farmStatus,
    shaman,
    startedAt: farm.now(),
    restart: options.onRestart,
  }
  const http = await createServer(services)
  closers.push(() => http.app.close())
  const onDamage = (problem: string): void => {
    log.fatal({ problem }, 'the database is damaged')
    options.onDamage?.(damaged(config.current.databasePath, problem))
  }
  closers.push(startTimers(farm, { requests, shaman, onDamage }))
  closers.push(() => farm.signals.notify('closing'))
  closers.push(() => requests.close())
  return { services, http }
}

function tellTheNetwork(
  farm: Farm,
  { app }: HttpServer,
  closers: (() => Promise<void> | void)[],
): void {
  const { raw, host } = farm.config.current
  const { port } = app.server.address() as AddressInfo
  if (raw.autodiscoverable && !isLoopback(host)) {
    const scheme = farm.config.current.tls ? 'https' : 'http'
    const urls = ownUrls(host, port).map((url) => url.replace('http', scheme))
    closers.push(advertise({ urls, name: raw.manager_name, log: farm.log }))
  }
  const { client } = raw.mqtt
  if (client.enabled && client.broker) {
    closers.push(publishToMqtt(farm.events, client, farm.log))
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

/** The folder is there from the start, to be filled while the manager runs. */
function scriptsDirOf({ scriptsDir, dataDir }: ManagerOptions): string {
  if (scriptsDir !== undefined) return scriptsDir
  const own = join(dataDir, 'scripts')
  mkdirSync(own, { recursive: true })
  return own
}

/** Takes up what the last run left half-way. */
function carryOn(farm: Farm): void {
  dropUnfinishedSubmissions(farm)
  for (const status of unsettledJobStatuses) {
    for (const job of farm.jobs.byStatus(status)) farm.transaction(() => settleJob(farm, job))
  }
  forgiveSilence(farm)
}

async function listen({ app }: HttpServer, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host: host || '::', port })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EAFNOSUPPORT' && !host) return listen({ app } as HttpServer, '0.0.0.0', port)
    if (code === 'EADDRINUSE') {
      const hint = 'Another manager may be running. Stop it, or choose another port with --port N.'
      throw new CodedError('PORT_IN_USE', `Port ${port} is in use`, { hint, cause })
    }
    if (code === 'EACCES') {
      const hint = 'Ports below 1024 need more rights; choose another one with --port N.'
      throw new CodedError('PORT_FORBIDDEN', `Port ${port} may not be used`, { hint, cause })
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      const hint = 'Use an address of this machine with --host, or leave it out for all of them.'
      throw new CodedError('HOST_UNKNOWN', `${host} is no address of this machine`, { hint, cause })
    }
    throw cause
  }
}

function urlOf({ app }: HttpServer, { host, tls }: Config): string {
  const { port } = app.server.address() as AddressInfo
  const isEverywhere = ['', '::', '0.0.0.0'].includes(host)
  const name = isEverywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `${tls ? 'https' : 'http'}://${name}:${port}`
}

async function stop({ farm }: Services, closers: (() => Promise<void> | void)[]): Promise<void> {
  farm.publish({ kind: 'lifecycle', data: { type: 'manager-shutdown' } })
  // Time for the streams to say so.
  await new Promise((resolve) => setTimeout(resolve, 100))
  await closeAll(closers, farm.log)
  farm.log.info('manager stopped')
}

/** In the reverse of the order in which they were opened. */
async function closeAll(closers: (() => Promise<void> | void)[], log: Logger): Promise<void> {
  for (let close = closers.pop(); close; close = closers.pop()) {
    try {
      await close()
    } catch (error) {
      log.error({ err: error }, 'closing failed')
    }
  }
}
