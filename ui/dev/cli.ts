import { type Command, InvalidArgumentError } from 'commander'
import { seedFarm } from './seed.ts'

/** Adds `farm dev seed`: something to look at without a farm. */
export function register(program: Command): void {
  program
    .command('dev')
    .description('For work on Shaman Farm itself')
    .command('seed')
    .description(
      'Fill a manager, through its own API, with workers and jobs in every state: nothing is rendered',
    )
    .option('--manager <url>', 'address of the manager', 'http://localhost:8080')
    .option('--workers <n>', 'workers to sign on', workerCount, 8)
    .option('--json', 'print one object')
    .action(seed)
}

async function seed(options: { manager: string; workers: number; json?: true }): Promise<void> {
  const { jobs, workers } = await seedFarm(options.manager, { workers: options.workers })
  if (options.json) {
    const names = (all: readonly { name: string }[]) => all.map(({ name }) => name)
    console.log(JSON.stringify({ jobs: names(jobs), workers: names(workers) }))
  } else console.log(`Seeded ${jobs.length} jobs and ${workers.length} workers.`)
}

function workerCount(text: string): number {
  const count = Number(text)
  // Without a worker no job would get beyond queued.
  if (Number.isInteger(count) && count >= 1 && count <= 1000) return count
  throw new InvalidArgumentError('a number from 1 to 1000')
}
