import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { FastifyInstance } from 'fastify'

/** What an artist's machine needs to trace and send scenes, for one platform. */
interface Offer {
  version: string
  files: { name: string; sha: string; size: number; executable?: boolean }[]
  command: string[]
  /** Where this platform's Node lies, seen from the index: the one that runs the manager. */
  own?: string
}

export interface PackToolOptions {
  /** The folder of `index.json` and `files/<sha>` or `files/<sha>.gz`. */
  dir: string
}

/** Hands the pack tool to add-ons: an offer by platform, and its files by digest. */
export function registerPackTool(app: FastifyInstance, { dir }: PackToolOptions): void {
  app.get<{ Querystring: { platform?: string } }>(
    '/farm/pack-tool',
    { schema: { hide: true } as object },
    ({ query }, reply) => {
      const offers = readOffers(dir)
      const name = query.platform ?? ''
      const offer = Object.hasOwn(offers, name) ? offers[name] : undefined
      if (!offer) return reply.code(404).send(notHere(`no pack tool for ${name || 'no platform'}`))
      const { version, files, command } = offer
      return reply.header('cache-control', 'no-cache').send({ version, files, command })
    },
  )
  app.get<{ Params: { sha: string } }>(
    '/farm/pack-tool/files/:sha',
    { schema: { hide: true } as object },
    ({ params }, reply) => {
      const found = findFile(dir, params.sha)
      if (!found) return reply.code(404).send(notHere('no such file of a pack tool'))
      return reply
        .header('content-type', 'application/octet-stream')
        .header('content-length', found.size)
        .header('cache-control', 'public, max-age=31536000, immutable')
        .send(found.open())
    },
  )
}

function notHere(what: string): { code: number; message: string; error_code: string } {
  return { code: 404, message: `This manager has ${what}`, error_code: 'NO_PACK_TOOL' }
}

function readOffers(dir: string): Record<string, Offer> {
  const path = join(dir, 'index.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, Offer>) : {}
}

/** Only what the index names is served. */
function findFile(dir: string, sha: string): { size: number; open(): Readable } | undefined {
  for (const offer of Object.values(readOffers(dir))) {
    const file = offer.files.find((one) => one.sha === sha)
    if (!file) continue
    const plain = join(dir, 'files', sha)
    if (existsSync(plain)) return { size: file.size, open: () => createReadStream(plain) }
    const packed = `${plain}.gz`
    if (existsSync(packed)) return { size: file.size, open: () => gunzipped(packed) }
    const own = offer.own && file.executable ? join(dir, offer.own) : undefined
    if (own && statSync(own, { throwIfNoEntry: false })?.size === file.size) {
      return { size: file.size, open: () => createReadStream(own) }
    }
  }
  return undefined
}

function gunzipped(path: string): Readable {
  // A client that leaves half-way is no error; the streams are closed with it.
  return pipeline(createReadStream(path), createGunzip(), () => {})
}
