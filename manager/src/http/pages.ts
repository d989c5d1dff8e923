import { hash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Services } from '../services.ts'
import { pagePolicy } from './security-headers.ts'

const top = join(import.meta.dirname, '..', '..', '..')
const uiDir = join(top, 'ui', 'dist')
export const addonDir = join(top, 'addon', 'dist')

/** For what is named by its content. */
const forEver = 'public, max-age=31536000, immutable'

/** The dashboard, the logs and images it shows, and the way in for those who type only the host. */
export async function registerPages(app: FastifyInstance, { farm }: Services): Promise<void> {
  const { localStorage } = farm.config.current
  await mkdir(localStorage, { recursive: true })
  await app.register(fastifyStatic, {
    root: localStorage,
    prefix: '/job-files/',
    decorateReply: true,
    index: false,
    cacheControl: false,
    list: false,
    setHeaders: (reply, path) => {
      const isForEver = path.includes('/frames/')
      reply.header('cache-control', isForEver ? forEver : 'no-cache')
      if (path.endsWith('.txt')) reply.header('content-type', 'text/plain; charset=utf-8')
    },
  })
  for (const path of ['/', '/app']) app.get(path, (_, reply) => reply.redirect('/app/', 307))
  app.get<{ Params: { '*': string } }>('/app/*', ({ params }, reply) =>
    sendPage(reply, params['*']),
  )
  app.get('/flamenco3-addon.zip', (_, reply) => reply.redirect('/flamenco-addon.zip', 308))
  app.get('/flamenco-addon.zip', (_, reply) => sendAddonFile(reply, 'shaman_farm.zip'))
  // A static extension repository: Blender installs from it and finds updates in it.
  for (const name of ['index.json', 'shaman_farm.zip']) {
    app.get(`/addon/${name}`, (_, reply) => sendAddonFile(reply, name))
  }
}

function sendAddonFile(reply: FastifyReply, name: string): FastifyReply {
  if (existsSync(join(addonDir, name))) return reply.sendFile(name, addonDir)
  return reply.code(404).send({ code: 404, message: 'The add-on is not built. Run: npm start' })
}

/** Files of the dashboard; any other address in it is one of its pages. */
function sendPage(reply: FastifyReply, path: string): FastifyReply {
  reply.header('content-security-policy', pagePolicy(inlineScripts()))
  if (path !== '' && existsSync(join(uiDir, path))) {
    const isForEver = path.startsWith('assets/')
    return reply.header('cache-control', isForEver ? forEver : 'no-cache').sendFile(path, uiDir)
  }
  if (existsSync(join(uiDir, 'index.html'))) {
    return reply.header('cache-control', 'no-cache').sendFile('index.html', uiDir)
  }
  return reply.type('text/plain').send('The dashboard is not built. Run: npm start')
}

let known = { at: 0, digests: [] as string[] }

/** Digests of the scripts that stand in the dashboard's page; built anew, it may have others. */
function inlineScripts(): string[] {
  const page = join(uiDir, 'index.html')
  const at = statSync(page, { throwIfNoEntry: false })?.mtimeMs
  if (at === undefined) return []
  if (at !== known.at) {
    const scripts = readFileSync(page, 'utf8').matchAll(/<script>([\s\S]*?)<\/script>/g)
    const digests = [...scripts].map(([, text]) => hash('sha256', text!, 'base64'))
    known = { at, digests }
  }
  return known.digests
}
