import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiBase, operations, type Role } from '@shaman-farm/manager-api'
import { pino } from 'pino'
import { type Access, operationAccess, routeAccess } from '../../src/auth/access.ts'
import { openManager, signOnWorker, submitEcho } from '../running-manager.ts'
import { openGuarded } from './tokens.ts'

const someId = '00000000-0000-4000-8000-000000000000'
const someSha = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

interface Route {
  method: string
  path: string
  access: Access
}

const values: Readonly<Record<string, string>> = {
  typeName: 'echo-sleep-test',
  audience: 'users',
  platform: 'linux',
  sha: someSha,
  checksum: someSha,
  size: '1',
  filesize: '1',
  client: 'one',
}

const fill = (path: string): string =>
  path.replace(/\{(\w+)\}|:(\w+)/g, (_, a?: string, b?: string) => values[(a ?? b)!] ?? someId)

/** Everything that is served, with something in place of each parameter. */
const routes: readonly Route[] = [
  ...Object.entries(operations).map(([id, operation]) => ({
    method: operation.method,
    path: apiBase + fill(operation.path),
    access:
      'auth' in operation
        ? ('worker' as const)
        : operationAccess[id as keyof typeof operationAccess],
  })),
  ...Object.entries(routeAccess).map(([route, access]) => {
    const [method, path] = route.split(' ')
    return { method: method!, path: fill(path!).replace('*', 'none'), access }
  }),
]

// A stream never ends, a new configuration may stop the manager; both are tried elsewhere.
const untried = /\/farm\/events|setup-assistant/

async function statusOf(
  url: string,
  { method, path }: Route,
  authorization: string | undefined,
): Promise<number> {
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(authorization ? { authorization } : {}),
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
    },
    ...(hasBody ? { body: '{}' } : {}),
    signal: AbortSignal.timeout(20_000),
  })
  await response.body?.cancel()
  return response.status
}

/** The most that is not yet enough. */
const tooLow: Readonly<Record<Access, readonly (Role | 'nobody')[]>> = {
  anyone: [],
  member: ['nobody'],
  worker: ['nobody', 'artist', 'wrangler', 'admin', 'worker'],
  artist: ['nobody', 'worker'],
  owner: ['nobody', 'worker', 'artist'],
  wrangler: ['nobody', 'worker', 'artist'],
  admin: ['nobody', 'worker', 'artist', 'wrangler'],
}

const enough: Readonly<Record<Exclude<Access, 'worker'>, readonly Role[]>> = {
  anyone: [],
  member: ['artist', 'worker'],
  artist: ['artist', 'wrangler', 'admin'],
  owner: ['wrangler', 'admin'],
  wrangler: ['wrangler', 'admin'],
  admin: ['admin'],
}

test('every route has a role', async (t) => {
  const lines: string[] = []
  await openManager(t, {
    log: pino({ level: 'error' }, { write: (line) => void lines.push(line) }),
  })
  const without = lines.filter((line) => line.includes('route without a role'))
  assert.deepEqual(without, [], 'say who may use it in manager/src/auth/access.ts')
})

test('a token of the wrong role is refused by every operation', async (t) => {
  const manager = await openGuarded(t)
  const tokens = {
    artist: await manager.tokenFor('artist'),
    wrangler: await manager.tokenFor('wrangler'),
    admin: await manager.tokenFor('admin'),
    worker: await manager.tokenFor('worker'),
  }
  for (const route of routes) {
    for (const role of tooLow[route.access]) {
      const bearer = role === 'nobody' ? undefined : `Bearer ${tokens[role]}`
      const status = await statusOf(manager.url, route, bearer)
      const wanted = role === 'nobody' && route.access !== 'worker' ? 401 : 403
      assert.equal(status, wanted, `${role}: ${route.method} ${route.path}`)
    }
  }
})

test('a token of the right role is let in by every operation', async (t) => {
  const manager = await openGuarded(t)
  const tokens = {
    artist: await manager.tokenFor('artist'),
    wrangler: await manager.tokenFor('wrangler'),
    admin: await manager.tokenFor('admin'),
    worker: await manager.tokenFor('worker'),
  }
  for (const route of routes.filter(({ path }) => !untried.test(path))) {
    if (route.access === 'worker') continue
    for (const role of enough[route.access]) {
      const status = await statusOf(manager.url, route, `Bearer ${tokens[role]}`)
      assert.ok(
        status !== 401 && status !== 403,
        `${role}: ${route.method} ${route.path} ${status}`,
      )
    }
  }
})

test('a worker may do what workers do, and no more', async (t) => {
  const manager = await openGuarded(t)
  const { uuid, secret } = await signOnWorker(manager, { enrol: await manager.tokenFor('worker') })
  const basic = `Basic ${btoa(`${uuid}:${secret}`)}`
  for (const route of routes.filter(({ path }) => !untried.test(path))) {
    if (route.path.endsWith('/sign-off')) continue
    const status = await statusOf(manager.url, route, basic)
    const isAllowed = ['worker', 'member', 'anyone'].includes(route.access)
    if (isAllowed)
      assert.ok(status !== 401 && status !== 403, `${route.method} ${route.path} ${status}`)
    else assert.equal(status, 403, `${route.method} ${route.path}`)
  }
})

test('an artist steers the jobs submitted with a token of that name, and no others', async (t) => {
  const manager = await openGuarded(t)
  const anna = await manager.clientFor('artist', 'anna')
  const ben = await manager.clientFor('artist', 'ben')
  const job = await submitEcho({ client: anna })
  const order = { params: { job_id: job.id }, body: { priority: 70 } }
  await assert.rejects(ben.setJobPriority(order), { status: 403 })
  await anna.setJobPriority(order)
  const annaAgain = await manager.clientFor('artist', 'anna')
  await annaAgain.setJobPriority(order)
  const { tasks } = await ben.fetchJobTasks({ params: { job_id: job.id } })
  const requeue = {
    params: { task_id: tasks[0]!.id },
    body: { status: 'queued' as const, reason: 'test' },
  }
  await assert.rejects(ben.setTaskStatus(requeue), { status: 403 })
  await anna.deleteJob({ params: { job_id: job.id } })
})
