// node resubmit.ts FILE.blend CACHE: traces, stats and looks up every file, and prints how long that took.
import { hashFiles, openHashCache, planPack, tracePack } from '@shaman-farm/pack'

const [blend = '', file = ''] = process.argv.slice(2)
const marks = [performance.now()]
const mark = (): number => marks.push(performance.now())
const cpu = process.cpuUsage()

const trace = await tracePack({ blend })
mark()
const plan = await planPack(trace)
mark()
const cache = await openHashCache({ file })
let cached = 0
await hashFiles(
  plan.files.map(({ source }) => ('file' in source ? source.file : source.rewritten)),
  { cache, onProgress: (progress) => (cached = progress.filesCached) },
)
mark()
await cache.close()

const { user, system } = process.cpuUsage(cpu)
const [traceMs, planMs, lookUpMs] = marks.slice(1).map((time, i) => time - marks[i]!)
const answer = { files: plan.files.length, cached, traceMs, planMs, lookUpMs }
process.stdout.write(JSON.stringify({ ...answer, cpuMs: (user + system) / 1000 }))
