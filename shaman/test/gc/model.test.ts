import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Digest, digestKey, digestOf } from '../../src/digest.ts'
import { mayTake, type Safeguards } from '../../src/gc/judge.ts'
import { createProtection, type Protection } from '../../src/protection.ts'
import { createReferenceTable, type ReferenceTable } from '../../src/references.ts'

// Clients, a collector, crashes and the clock, interleaved in every order a single event loop allows: each `yield` below is
// an await of the real code, and what stands between two of them is one turn. The tables that decide (protection,
// references, the collector's last look) are the real ones; the disk is two sets. Each switch takes away one safety rule,
// and the second test shows that the first would notice.

const leaseMs = 100
const digests = [digestOf(Buffer.from('one')), digestOf(Buffer.from('two'))]

const rules = [
  'the last look asks for pins',
  'the last look asks for leases',
  'the last look asks for references',
  'the last look is in the turn that takes the blob',
  'a checkout pins before it looks',
  'a checkout looks at every blob',
  'what is told to be stored is leased in the same turn',
  'collection rests after a crash',
] as const
type Rule = (typeof rules)[number]

interface World {
  clock: { time: number }
  stored: Set<string>
  published: Digest[][]
  protection: Protection
  references: ReferenceTable
  /** What clients were told is stored, and until when they may rely on it. */
  promises: { digest: Digest; until: number }[]
  restUntil: number
  broken: (rule: Rule) => boolean
}

type Process = Generator<void, void, void>

function createWorld(without: Rule | undefined): World {
  const clock = { time: 0 }
  return {
    clock,
    stored: new Set(),
    published: [],
    protection: createProtection({ now: () => clock.time, leaseMs }),
    references: createReferenceTable(),
    promises: [],
    restUntil: 0,
    broken: (rule) => rule === without,
  }
}

const isStored = (world: World, digest: Digest): boolean => world.stored.has(digestKey(digest))

/** Negotiates, uploads what is missing, makes a checkout. */
function* client(world: World, wanted: readonly Digest[]): Process {
  for (const digest of wanted) {
    const isThere = isStored(world, digest)
    if (isThere) {
      if (world.broken('what is told to be stored is leased in the same turn')) yield
      promise(world, digest)
    } else {
      yield // the upload
      world.stored.add(digestKey(digest))
      promise(world, digest)
    }
    yield
  }
  yield* checkout(world, wanted)
}

function promise(world: World, digest: Digest): void {
  world.protection.lease([digest])
  world.promises.push({ digest, until: world.clock.time + leaseMs })
}

function* checkout(world: World, wanted: readonly Digest[]): Process {
  const isCareful = !world.broken('a checkout pins before it looks')
  const unpin = isCareful ? world.protection.pin(wanted) : () => {}
  yield
  const mustLook = !world.broken('a checkout looks at every blob')
  // 424: the client begins anew another time.
  if (mustLook && wanted.some((digest) => !isStored(world, digest))) return unpin()
  yield // links and manifest are written
  world.references.add(1, wanted)
  yield // the manifest is durable
  world.published.push([...wanted])
  yield
  unpin()
}

/** Plans, then takes one by one. */
function* collector(world: World): Process {
  const candidates = digests.filter(
    (digest) =>
      isStored(world, digest) &&
      mayTake(
        digest,
        guardOf(world, () => false),
      ),
  )
  yield // a person looks at the plan
  if (world.clock.time < world.restUntil && !world.broken('collection rests after a crash')) return
  const watch = world.protection.watch()
  yield // foreign checkouts are looked for
  for (const digest of candidates) {
    const may = mayTake(digest, guardOf(world, watch.has))
    if (world.broken('the last look is in the turn that takes the blob')) yield
    if (may) world.stored.delete(digestKey(digest))
    yield
  }
  watch.stop()
}

function guardOf(world: World, seen: Safeguards['seen']): Safeguards {
  const never = (): boolean => false
  const { protection, references } = world
  // The watch sees pins and leases too; a rule about them is only gone when neither table tells.
  const noPins = world.broken('the last look asks for pins')
  const noLeases = world.broken('the last look asks for leases')
  return {
    seen: noPins || noLeases ? never : seen,
    isPinned: noPins ? never : protection.isPinned,
    isLeased: noLeases ? never : protection.isLeased,
    isReferenced: world.broken('the last look asks for references') ? never : references.has,
    isForeign: never,
    isSettling: never,
  }
}

/** The process dies: tables in memory are lost, references come back from the manifests of what was published. */
function crash(world: World): void {
  world.protection = createProtection({ now: () => world.clock.time, leaseMs })
  world.references = createReferenceTable()
  for (const checkout of world.published) world.references.add(1, checkout)
  world.restUntil = world.clock.time + leaseMs
}

function check(world: World): void {
  for (const checkout of world.published) {
    for (const digest of checkout)
      assert.ok(isStored(world, digest), 'a published checkout dangles')
  }
  for (const { digest, until } of world.promises) {
    if (world.clock.time < until) assert.ok(isStored(world, digest), 'a promised blob is gone')
  }
}

const actorCount = 4
const step = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({ do: fc.constant('run' as const), who: fc.nat(actorCount - 1) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(30, 101) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
)
const start = fc.subarray(digests)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
const history = fc.array(step, { minLength: 12, maxLength: 60 })

function play(steps: readonly Step[], already: readonly Digest[], without?: Rule): void {
  const world = createWorld(without)
  for (const digest of already) world.stored.add(digestKey(digest))
  const actors = [
    () => client(world, digests),
    () => client(world, digests.slice(0, 1)),
    () => collector(world),
    () => collector(world),
  ]
  let running: (Process | undefined)[] = []
  for (const next of steps) {
    if (next.do === 'wait') world.clock.time += next.ms
    else if (next.do === 'crash') {
      crash(world)
      running = []
    } else {
      const process = running[next.who] ?? actors[next.who]!()
      running[next.who] = process.next().done ? undefined : process
    }
    check(world)
  }
}

test('whatever the order of clients, collectors, crashes and lapsing leases, no promise is broken', () => {
  fc.assert(
    fc.property(history, start, (steps, already) => play(steps, already)),
    { numRuns: 8000 },
  )
})

for (const rule of rules) {
  test(`the model notices when this rule is missing: ${rule}`, () => {
    const { failed, errorInstance } = fc.check(
      fc.property(history, start, (steps, already) => play(steps, already, rule)),
      { numRuns: 30_000, endOnFailure: true, seed: 1 },
    )
    assert.ok(failed)
    assert.match(String(errorInstance), /a published checkout dangles|a promised blob is gone/)
  })
}
