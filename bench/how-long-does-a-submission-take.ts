import { join } from 'node:path'
import { openShaman, serveShaman } from '@shaman-farm/shaman'
import type { UploadFile } from '@shaman-farm/shaman/client'
import { formatBytes } from '@shaman-farm/terminal'
import { execa } from 'execa'
import type { Answer, QuestionContext } from './harness/question.ts'
import {
  type Link,
  openShapedLink,
  type ShapedLink,
} from './how-long-does-a-submission-take/shaped-link.ts'
import type { Order, Outcome } from './how-long-does-a-submission-take/submit-process.ts'
import { blender, filesOf } from './how-much-does-a-production-upload/show.ts'

export const question = 'How long does a submission take?'

const links: Link[] = [
  { name: '1 Gbit/s, 0.2 ms', bitsPerSecond: 1e9, rttMs: 0.2 },
  { name: '100 Mbit/s, 10 ms', bitsPerSecond: 1e8, rttMs: 10 },
  { name: '20 Mbit/s, 40 ms', bitsPerSecond: 2e7, rttMs: 40 },
]
const script = join(import.meta.dirname, 'how-long-does-a-submission-take', 'submit-process.ts')
const edits = ['save', 'move', 'sculpt']

interface Row extends Outcome {
  link: string
  what: string
  way: string
}

/** A shot of the production, edited by real Blender and submitted through links of the speeds that artists have. */
export async function run(context: QuestionContext): Promise<Answer> {
  const show = join(context.workDir, 'show')
  await blender(['make', show, context.quick ? '0.5' : '1'])
  const shot = join(show, 'seq01/sh010/seq01_sh010_v001.blend')
  const rows: Row[] = []
  const ways = new Set<string>()
  for (const [at, link] of (context.quick ? links.slice(-1) : links).entries()) {
    const shaped = await openShapedLink(link).catch(() => undefined)
    ways.add(howShaped(shaped))
    try {
      const dir = join(context.workDir, `link-${at}`)
      const stores = { whole: await openStore(dir, 'whole'), ours: await openStore(dir, 'ours') }
      const first = await filesOf(shot, show)
      const through = { link, shaped }
      rows.push(
        row(link, 'first submission', 'whole files', await submit(stores.whole, first, through)),
      )
      // The history begins unshaped: only resubmissions are compared.
      await submit(stores.ours, first, { link, shaped: undefined })
      for (const [seed, edit] of edits.entries()) {
        await blender(['edit', edit, shot, String(100 * at + seed)])
        const files = await filesOf(shot, show)
        rows.push(row(link, edit, 'whole files', await submit(stores.whole, files, through)))
        rows.push(row(link, edit, 'Shaman Farm', await submit(stores.ours, files, through)))
      }
      await stores.whole.close()
      await stores.ours.close()
    } finally {
      await shaped?.close()
    }
    context.log(`${link.name}: ${howShaped(shaped)}`)
  }
  return answer(rows, [...ways].join('; '))
}

function howShaped(shaped: ShapedLink | undefined): string {
  if (!shaped) return 'computed: bytes over bandwidth, plus a round trip a request'
  if (shaped.isDelayed) return 'measured through a network namespace of that bandwidth and delay'
  return 'measured through a network namespace of that bandwidth; a round trip a request added, as this kernel cannot delay'
}

interface Store {
  port: string
  history: string | undefined
  nextCheckout(): string
  close(): Promise<void>
}

async function openStore(dir: string, name: 'whole' | 'ours'): Promise<Store> {
  const shaman = await openShaman({
    root: join(dir, name, 'storage'),
    stateDir: join(dir, name, 'state'),
  })
  const server = await serveShaman({ shaman, host: '0.0.0.0' })
  let checkouts = 0
  return {
    port: new URL(server.url).port,
    history: name === 'ours' ? join(dir, 'history') : undefined,
    nextCheckout() {
      checkouts += 1
      return `job-${checkouts}`
    },
    async close() {
      await server.close()
      await shaman.close()
    },
  }
}

async function submit(
  store: Store,
  files: UploadFile[],
  { link, shaped }: { link: Link; shaped: ShapedLink | undefined },
): Promise<Outcome> {
  const order: Order = {
    url: `http://${shaped?.host ?? '127.0.0.1'}:${store.port}`,
    checkoutPath: store.nextCheckout(),
    files,
    ...(store.history === undefined ? {} : { history: store.history }),
  }
  const [command, ...args] = [...(shaped?.prefix ?? []), process.execPath, script]
  const { stdout } = await execa(command!, args, {
    input: JSON.stringify(order),
    timeout: 10 * 60_000,
  })
  const outcome = JSON.parse(stdout) as Outcome
  const roundTrips = (outcome.requests * link.rttMs) / 1_000
  if (!shaped) {
    return { ...outcome, seconds: (outcome.wireBytes * 8) / link.bitsPerSecond + roundTrips }
  }
  return shaped.isDelayed ? outcome : { ...outcome, seconds: outcome.seconds + roundTrips }
}

function row(link: Link, what: string, way: string, outcome: Outcome): Row {
  return { link: link.name, what, way, ...outcome }
}

function answer(rows: readonly Row[], how: string): Answer {
  const slowest = rows.at(-1)!.link
  const seconds = (way: string): number =>
    rows
      .filter((r) => r.link === slowest && r.way === way && edits.includes(r.what))
      .reduce((sum, r) => sum + r.seconds, 0)
  return {
    tables: [
      {
        title: `A shot submitted (${how})`,
        columns: ['link', 'what', 'way', 'bytes', 'requests', 'seconds'],
        rows: rows.map((r) => [
          r.link,
          r.what,
          r.way,
          formatBytes(r.wireBytes),
          r.requests,
          r.seconds.toFixed(2),
        ]),
      },
    ],
    figures: [
      {
        name: `resubmissions over ${slowest}, of the time whole files take`,
        value: (100 * seconds('Shaman Farm')) / seconds('whole files'),
        unit: '%',
        baseline: `whole files: ${seconds('whole files').toFixed(1)} s`,
      },
    ],
  }
}
