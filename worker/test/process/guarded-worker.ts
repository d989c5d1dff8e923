// A process that runs one command as a worker does, to be killed by a test.
import { pino } from 'pino'
import { startGuard } from '../../src/process/guard.ts'
import { runProcess } from '../../src/process/run.ts'

await runProcess({
  argv: ['/bin/sh', '-c', process.argv[2]!],
  guard: startGuard({ log: pino({ level: 'silent' }), graceMs: 300 }),
  signal: new AbortController().signal,
  onLine: (line) => console.log(line),
})
