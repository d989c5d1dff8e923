// guard.sh for Windows, which has neither process groups nor a shell to count on.
import { spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'

const watched = new Set<string>()
for await (const line of createInterface({ input: process.stdin })) {
  const [verb, pid] = line.split(' ')
  if (verb === 'quit') process.exit(0)
  if (pid === undefined || !/^\d+$/.test(pid)) continue
  if (verb === 'add') watched.add(pid)
  if (verb === 'del') watched.delete(pid)
}
for (const pid of watched) spawnSync('taskkill', ['/F', '/T', '/PID', pid], { windowsHide: true })
