import { mkdtemp, rm } from 'node:fs/promises'
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { openShaman, type Shaman, serveShaman } from '@shaman-farm/shaman'

/** The far side of a submission: a real Shaman, and the jobs' calls as a manager answers them. */
export interface FarSide {
  url: string
  shaman: Shaman
  /** Bodies that were posted, by path. */
  posted: { path: string; body: Record<string, unknown> }[]
  /** Answers by `METHOD path`, instead of the usual. */
  answers: Map<string, { status: number; body?: unknown }>
  /** Called for each request, by `METHOD path`. */
  onRequest: (call: string) => void
}

const outputPath =
  "str(Path(abspath(settings.render_output_root), last_n_dir_parts(settings.add_path_components), jobname, '{timestamp}', '######'))"
const format = 'C.scene.render.image_settings.file_format'
const previews = 'C.scene.render.image_settings.use_preview'

/** What Flamenco's managers and ours list for the job type of a render. */
export const renderType = {
  name: 'simple-blender-render',
  label: 'Simple Blender Render',
  etag: 'etag-1',
  settings: [
    {
      key: 'frames',
      type: 'string',
      required: true,
      eval: "f'{C.scene.frame_start}-{C.scene.frame_end}'",
      evalInfo: { showLinkButton: true, description: 'The range of the scene' },
    },
    { key: 'chunk_size', type: 'int32', default: 1 },
    { key: 'render_output_root', type: 'string', subtype: 'dir_path', required: true },
    { key: 'add_path_components', type: 'int32', required: true, default: 0 },
    { key: 'render_output_path', type: 'string', editable: false, eval: outputPath },
    { key: 'blendfile', type: 'string', required: true, visible: 'web' },
    {
      key: 'fps',
      type: 'float',
      visible: 'hidden',
      eval: 'C.scene.render.fps / C.scene.render.fps_base',
    },
    { key: 'format', type: 'string', required: true, visible: 'web', eval: format },
    {
      key: 'image_file_extension',
      type: 'string',
      required: true,
      visible: 'hidden',
      eval: 'C.scene.render.file_extension',
    },
    { key: 'has_previews', type: 'bool', visible: 'hidden', eval: previews },
    { key: 'scene', type: 'string', required: true, visible: 'web', eval: 'C.scene.name' },
  ],
}

const usual = new Map<string, { status: number; body?: unknown }>([
  ['GET /api/v3/jobs/type/simple-blender-render', { status: 200, body: renderType }],
  ['GET /api/v3/jobs/types', { status: 200, body: { job_types: [renderType] } }],
  ['GET /api/v3/worker-mgt/tags', { status: 200, body: { tags: [{ id: 'tag-1', name: 'gpu' }] } }],
  [
    'GET /api/v3/farm/submission-defaults',
    { status: 200, body: { render_output_root: '/farm/renders', shaman_enabled: true } },
  ],
  ['POST /api/v3/jobs/check', { status: 204 }],
  ['POST /api/v3/jobs', { status: 200, body: { id: 'job-1', name: 'answered' } }],
])

/** Starts a far side that ends with the test. */
export async function startFarSide(t: TestContext): Promise<FarSide> {
  const dir = await mkdtemp(join(tmpdir(), 'far-side-'))
  const shaman = await openShaman({
    root: join(dir, 'storage'),
    stateDir: join(dir, 'state'),
    durability: 'none',
  })
  const store = await serveShaman({ shaman })
  const farm: FarSide = { url: '', shaman, posted: [], answers: new Map(), onRequest() {} }
  const server = createServer((request, response) => {
    void answer(farm, store.url, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  farm.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  t.after(async () => {
    server.closeAllConnections()
    server.close()
    await store.close()
    await shaman.close()
    await rm(dir, { recursive: true, force: true })
  })
  return farm
}

async function answer(
  farm: FarSide,
  storeUrl: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url?.split('?')[0] ?? ''
  const call = `${request.method} ${path}`
  farm.onRequest(call)
  const given = farm.answers.get(call)
  if (!given && path.startsWith('/api/v3/shaman')) {
    pass(request, response, storeUrl)
    return
  }
  const body = await textOf(request)
  if (request.method === 'POST') farm.posted.push({ path, body: JSON.parse(body) })
  const { status, body: reply } = given ?? usual.get(call) ?? { status: 404, body: {} }
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(reply === undefined ? undefined : JSON.stringify(reply))
}

function pass(request: IncomingMessage, response: ServerResponse, storeUrl: string): void {
  const onward = httpRequest(
    `${storeUrl}${request.url}`,
    { method: request.method, headers: request.headers },
    (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(response)
    },
  )
  onward.on('error', () => response.destroy())
  // A client that hangs up in mid-upload hangs up on the store.
  request.on('close', () => {
    if (!request.complete) onward.destroy()
  })
  request.pipe(onward)
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}
