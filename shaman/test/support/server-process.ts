import { openShaman, serveShaman } from '../../src/main.ts'
import type { Durability } from '../../src/sync.ts'

// A store in a process of its own, for tests that kill it.
const [root, stateDir, leaseMs, durability] = process.argv.slice(2)
const shaman = await openShaman({
  root: root!,
  stateDir: stateDir!,
  leaseMs: Number(leaseMs),
  durability: durability as Durability,
  reserveBytes: 0,
})
const server = await serveShaman({ shaman })
process.stdout.write(`${server.url}\n`)
process.on('SIGTERM', () => {
  void server
    .close()
    .then(() => shaman.close())
    .then(() => process.exit(0))
})
