import { type Role, roles } from '@shaman-farm/manager-api'
import { formatTable, UserError } from '@shaman-farm/terminal'
import { type Command, Option } from 'commander'
import { defaultDataDir } from '../config/config.ts'
import { type Desk, openLocalDesk, openRemoteDesk } from './desk.ts'

interface Where {
  data?: string
  config?: string
  manager?: string
  token?: string
  json?: boolean
}

/** Adds `farm token`, `farm enrolments` and `farm audit`. */
export function registerAuth(program: Command): void {
  const token = program
    .command('token')
    .description('Make and revoke the tokens of a farm that asks for them (auth: tokens)')
  here(token.command('create'))
    .description('Make a token; it is shown once')
    .addOption(
      new Option('--role <role>', 'what it allows; worker: to enrol workers')
        .choices(roles)
        .makeOptionMandatory(),
    )
    .requiredOption('--name <name>', 'whose it is')
    .option('--expires <time>', 'valid for so long: 12h, 90d', readTime)
    .action((flags: CreateFlags) => withDesk(flags, (desk) => create(desk, flags)))
  here(token.command('list'))
    .description('List tokens, never the secrets themselves')
    .action((flags: Where) => withDesk(flags, (desk) => list(desk, flags)))
  here(token.command('revoke <id>'))
    .description('Revoke a token, at once')
    .action((id: string, flags: Where) =>
      withDesk(flags, async (desk) => {
        await desk.revokeToken(id)
        tell(flags, { event: 'revoked', id }, `Token ${id} is revoked`)
      }),
    )
  const enrolments = program
    .command('enrolments')
    .description('Workers that came without an enrolment token and wait to be let in')
  here(enrolments.command('list'))
    .description('List the workers that wait')
    .action((flags: Where) => withDesk(flags, (desk) => waiting(desk, flags)))
  here(enrolments.command('approve <worker>'))
    .description('Let a worker in, by its id')
    .action((id: string, flags: Where) =>
      withDesk(flags, async (desk) => {
        await desk.approve(id)
        tell(flags, { event: 'approved', id }, `Worker ${id} is let in`)
      }),
    )
  here(program.command('audit'))
    .description('Show who changed what, latest first')
    .option('--who <name>', 'only what this one did')
    .option('--limit <n>', 'at most so many', Number, 50)
    .action((flags: AuditFlags) => withDesk(flags, (desk) => audit(desk, flags)))
}

type CreateFlags = Where & { role: Role; name: string; expires?: number }
type AuditFlags = Where & { who?: string; limit: number }

function here(command: Command): Command {
  return command
    .option('--data <dir>', "on the manager's machine: its data folder")
    .option('--config <file>', "on the manager's machine: its configuration")
    .option('--manager <url>', 'over the network instead; it takes the token of an admin')
    .addOption(new Option('--token <token>', 'the token of an admin').env('FARM_TOKEN'))
    .option('--json', 'print JSON lines')
}

async function withDesk(flags: Where, work: (desk: Desk) => Promise<void>): Promise<void> {
  const desk = flags.manager
    ? openRemoteDesk(flags.manager, flags.token)
    : openLocalDesk(flags.data ?? defaultDataDir(), flags.config)
  try {
    await work(desk)
  } finally {
    desk.close()
  }
}

async function create(desk: Desk, flags: CreateFlags): Promise<void> {
  const { name, role, expires } = flags
  const made = await desk.createToken({
    name,
    role,
    ...(expires ? { expires_in_s: expires } : {}),
  })
  const use =
    role === 'worker'
      ? 'Start workers with it: farm worker --token TOKEN, or FARM_TOKEN'
      : 'Use it on the dashboard, in the add-on, with --token, or as FARM_TOKEN'
  tell(flags, made, `${made.token}\n\nThis is shown once. ${use}`)
}

async function list(desk: Desk, flags: Where): Promise<void> {
  const tokens = await desk.tokens()
  if (flags.json) return tokens.forEach(printJson)
  if (tokens.length === 0) return print('No tokens. Make one with: farm token create')
  const rows = tokens.map((one) => [
    one.id,
    one.role,
    one.name,
    one.revoked_at ? 'revoked' : (one.expires_at ?? 'no end'),
    one.last_used_at ?? 'never',
  ])
  const titles = ['id', 'role', 'name', 'valid until', 'last used']
  print(
    formatTable(
      titles.map((title) => ({ title })),
      rows,
    ),
  )
}

async function waiting(desk: Desk, flags: Where): Promise<void> {
  const workers = await desk.enrolments()
  if (flags.json) return workers.forEach(printJson)
  if (workers.length === 0) return print('No worker waits to be let in')
  const rows = workers.map((one) => [one.worker_id, one.name, one.address, one.asked_at])
  print(
    formatTable(
      ['id', 'name', 'address', 'since'].map((title) => ({ title })),
      rows,
    ),
  )
}

async function audit(desk: Desk, { who, limit, json }: AuditFlags): Promise<void> {
  const entries = await desk.audit({ limit, ...(who ? { who } : {}) })
  if (json) return entries.forEach(printJson)
  if (entries.length === 0) return print('Nothing was changed yet')
  const rows = entries.map((one) => [
    one.at,
    one.who,
    one.address,
    one.operation,
    String(one.status),
    one.detail.slice(0, 80),
  ])
  const titles = ['when', 'who', 'from', 'what', 'status', 'detail']
  print(
    formatTable(
      titles.map((title) => ({ title })),
      rows,
    ),
  )
}

function readTime(text: string): number {
  const [, n, unit] = /^(\d+)(m|h|d)$/.exec(text) ?? []
  if (n !== undefined) return Number(n) * { m: 60, h: 3_600, d: 86_400 }[unit as 'm' | 'h' | 'd']
  throw new UserError(`"${text}" is no time`, { code: 'BAD_USAGE', hint: 'Like 12h or 90d.' })
}

function tell(flags: Where, facts: object, text: string): void {
  if (flags.json) printJson(facts)
  else print(text)
}

function printJson(item: object): void {
  print(JSON.stringify(item))
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
