import { apiBase, type OperationId, type Operations, operations } from '@shaman-farm/manager-api'

/**
 * Who may use a route when the farm asks for tokens. `member`: any token, or a worker with its secret. `owner`: the artist
 * whose token submitted the job, or a wrangler. A role includes those before it: artist, wrangler, admin.
 */
export type Access = 'anyone' | 'member' | 'artist' | 'owner' | 'wrangler' | 'admin' | 'worker'

/** Operations of workers say so in the contract. */
type ForPeople = {
  [Id in OperationId]: Operations[Id] extends { auth: 'worker' } ? never : Id
}[OperationId]

/** Every operation has a line here, or it does not compile. */
export const operationAccess = {
  getVersion: 'anyone',
  farmHealth: 'anyone',
  farmWhoAmI: 'anyone',
  registerWorker: 'anyone',

  getConfiguration: 'member',
  getVariables: 'member',
  getSharedStorage: 'member',
  getFarmStatus: 'member',
  farmSubmissionDefaults: 'member',
  farmJobOutputs: 'member',
  farmStoreJobOutputs: 'member',
  farmJobOutputsTar: 'artist',
  farmAuthTicket: 'artist',

  getJobTypes: 'artist',
  getJobType: 'artist',
  fetchJobs: 'artist',
  submitJob: 'artist',
  submitJobCheck: 'artist',
  fetchGlobalLastRenderedInfo: 'artist',
  fetchJob: 'artist',
  deleteJobWhatWouldItDo: 'artist',
  fetchJobLastRenderedInfo: 'artist',
  fetchJobTasks: 'artist',
  fetchJobBlocklist: 'artist',
  fetchTask: 'artist',
  fetchTaskLogTail: 'artist',
  fetchTaskLogInfo: 'artist',
  fetchWorkers: 'artist',
  fetchWorker: 'artist',
  fetchWorkerSleepSchedule: 'artist',
  fetchWorkerTags: 'artist',
  fetchWorkerTag: 'artist',
  farmJobs: 'artist',
  farmJobFilters: 'artist',
  farmJob: 'artist',
  farmJobTasks: 'artist',
  farmJobFrames: 'artist',
  farmJobWhy: 'artist',
  farmJobAttempts: 'artist',
  farmThroughput: 'artist',
  farmNotifications: 'artist',
  farmTaskAttempts: 'artist',
  farmTaskLog: 'artist',
  farmTaskLogSearch: 'artist',
  farmWorkers: 'artist',
  farmWorkerAttempts: 'artist',
  farmWorkerDoctor: 'artist',
  farmAttention: 'artist',
  farmEvents: 'artist',
  farmTrace: 'artist',
  farmDeletionPreview: 'artist',

  deleteJob: 'owner',
  farmArchiveJob: 'owner',
  setJobStatus: 'owner',
  setJobPriority: 'owner',
  setJobTag: 'owner',
  setTaskStatus: 'owner',

  deleteJobMass: 'wrangler',
  removeJobBlocklist: 'wrangler',
  farmExcludeWorkers: 'wrangler',
  deleteWorker: 'wrangler',
  requestWorkerStatusChange: 'wrangler',
  setWorkerTags: 'wrangler',
  setWorkerSleepSchedule: 'wrangler',
  createWorkerTag: 'wrangler',
  updateWorkerTag: 'wrangler',
  deleteWorkerTag: 'wrangler',
  farmAcknowledgeAttention: 'wrangler',
  farmRequestDoctor: 'wrangler',
  farmStorageCheck: 'wrangler',
  farmEnrolments: 'wrangler',
  farmApproveWorker: 'wrangler',
  farmConfigHistory: 'wrangler',
  getConfigurationFile: 'wrangler',

  checkSharedStoragePath: 'admin',
  findBlenderExePath: 'admin',
  checkBlenderExePath: 'admin',
  saveSetupAssistantConfig: 'admin',
  updateConfigurationFile: 'admin',
  farmChangeConfig: 'admin',
  farmUndoConfig: 'admin',
  farmTokens: 'admin',
  farmCreateToken: 'admin',
  farmRevokeToken: 'admin',
  farmAudit: 'admin',
} as const satisfies Record<ForPeople, Access>

const store = `${apiBase}/shaman`

/** Routes outside the contract: the store's, the pages', the machines'. */
export const routeAccess: Readonly<Record<string, Access>> = {
  'GET /': 'anyone',
  'GET /app': 'anyone',
  'GET /app/*': 'anyone',
  'GET /docs': 'anyone',
  'GET /docs/*': 'anyone',
  'GET /addon/index.json': 'anyone',
  'GET /addon/shaman_farm.zip': 'anyone',
  'GET /flamenco-addon.zip': 'anyone',
  'GET /flamenco3-addon.zip': 'anyone',
  'GET /healthz': 'anyone',
  'GET /upnp/description.xml': 'anyone',
  'GET /job-files/*': 'artist',
  'GET /metrics': 'artist',
  [`GET ${apiBase}/openapi3.json`]: 'anyone',
  [`GET ${apiBase}/farm/pack-tool`]: 'anyone',
  [`GET ${apiBase}/farm/pack-tool/files/:sha`]: 'anyone',

  [`POST ${store}/checkout/requirements`]: 'member',
  [`GET ${store}/files/:checksum/:filesize`]: 'member',
  [`POST ${store}/files/:checksum/:filesize`]: 'member',
  [`GET ${store}/x/capabilities`]: 'member',
  [`POST ${store}/x/requirements`]: 'member',
  [`DELETE ${store}/x/claims/:client`]: 'member',
  [`POST ${store}/x/blobs`]: 'member',
  [`POST ${store}/x/blobs/get`]: 'member',
  [`GET ${store}/x/blobs/:sha/:size`]: 'member',
  [`HEAD ${store}/x/uploads/:sha/:size/:client`]: 'member',
  [`PATCH ${store}/x/uploads/:sha/:size/:client`]: 'member',
  [`DELETE ${store}/x/uploads/:sha/:size/:client`]: 'member',
  [`POST ${store}/x/form`]: 'member',
  [`POST ${store}/x/splice/:checksum/:filesize`]: 'member',
  [`GET ${store}/x/chunkmap/:checksum/:filesize`]: 'member',
  [`GET ${store}/x/bases`]: 'member',
  [`GET ${store}/x/checkouts/:path/manifest`]: 'member',

  [`POST ${store}/checkout/create`]: 'artist',
  [`GET ${store}/x/stats`]: 'artist',
  [`GET ${store}/x/metrics`]: 'artist',
  [`GET ${store}/x/checkouts`]: 'artist',
  [`GET ${store}/x/checkouts/:path`]: 'artist',
  [`GET ${store}/x/checkouts/:path/diff`]: 'artist',
  [`GET ${store}/x/checkouts/:path/tar`]: 'artist',
  [`GET ${store}/x/blobs/:sha/:size/checkouts`]: 'artist',
  [`GET ${store}/x/scrub`]: 'artist',
  [`GET ${store}/x/quarantine`]: 'artist',
  [`GET ${store}/x/gc/trash`]: 'artist',
  [`GET ${store}/x/gc/plans/:id`]: 'artist',
  [`GET ${store}/x/gc/plans/:id/csv`]: 'artist',
  [`GET ${store}/x/sizes`]: 'artist',
  [`GET ${store}/x/shares`]: 'artist',

  [`DELETE ${store}/x/checkouts/:path`]: 'wrangler',
  [`PUT ${store}/x/checkouts/:path/pin`]: 'wrangler',
  [`POST ${store}/x/gc/plans`]: 'wrangler',
  [`POST ${store}/x/gc/plans/:id/apply`]: 'wrangler',
  [`POST ${store}/x/gc/trash/:epoch/undo`]: 'wrangler',
  [`DELETE ${store}/x/gc/trash`]: 'wrangler',
  [`POST ${store}/x/scrub/start`]: 'wrangler',
  [`POST ${store}/x/scrub/stop`]: 'wrangler',
  [`POST ${store}/x/fsck`]: 'wrangler',
}

const byRoute = new Map<string, Access>(Object.entries(routeAccess))
for (const [id, operation] of Object.entries(operations)) {
  const access = 'auth' in operation ? 'worker' : operationAccess[id as ForPeople]
  const url = apiBase + operation.path.replace(/\{(\w+)\}/g, ':$1')
  byRoute.set(`${operation.method} ${url}`, access)
}

/** Undefined for a route that nobody has thought about: it is for admins only, and a test fails. */
export function accessOf(method: string, url: string): Access | undefined {
  if (url.startsWith(`${apiBase}/swagger-ui`)) return 'anyone'
  return (
    byRoute.get(`${method} ${url}`) ??
    (method === 'HEAD' ? byRoute.get(`GET ${url}`) : undefined) ??
    // With Shaman switched off one route stands for all of its own.
    (url === `${store}/*` ? 'member' : undefined)
  )
}

const unwritten =
  /\/(requirements|files|blobs|uploads|form|splice|claims|ticket|check|outputs)(\/|$)/

/**
 * Whether what it changes is written into the audit log. Not what workers do all the time, which is in the tasks'
 * attempts, nor the bytes on their way to a checkout, which is.
 */
export function isAudited(method: string, url: string, access: Access): boolean {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return false
  return access !== 'worker' && !(unwritten.test(url) && !url.endsWith('/apply'))
}
