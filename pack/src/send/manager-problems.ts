import { PackError, systemCode } from '../errors.ts'

/** What the manager said to one call; `body` is undefined when it was no JSON. */
export interface Answer {
  status: number
  body: unknown
}

/** No answer came. */
export function unreachable(url: string, cause: unknown): PackError {
  const code = systemCode(cause) ?? (cause as { cause?: { code?: string } }).cause?.code
  if (code?.startsWith('UND_ERR_') && code.endsWith('TIMEOUT')) {
    return new PackError('MANAGER_SLOW', `The manager at ${url} does not answer`, {
      cause,
      hint: 'Is it busy, or is something between you and it swallowing the request?',
    })
  }
  return new PackError('MANAGER_UNREACHABLE', `Cannot reach the manager at ${url} (${code})`, {
    cause,
    hint: 'Is it running, and is the address right? `farm up` starts one on this machine.',
  })
}

/** An answer that is not what the operation gives, told by what the status means. */
export function refusal(url: string, path: string, answer: Answer): PackError {
  const message = messageOf(answer)
  const detail = { status: answer.status, path }
  if (answer.status === 401 || answer.status === 403) {
    return new PackError(
      'MANAGER_NOT_ALLOWED',
      message ?? `The manager at ${url} does not accept your token`,
      { detail, hint: 'Give the token that the farm’s wrangler made for you with --token.' },
    )
  }
  if (message === undefined && answer.status < 500) {
    return new PackError('NOT_A_MANAGER', `What answers at ${url} is no farm manager`, {
      detail,
      hint: 'Is another program listening on that port?',
    })
  }
  return new PackError(
    'MANAGER_FAILED',
    `The manager answered ${answer.status} to ${path}: ${message ?? 'no reason given'}`,
    { detail, ...hintOf(answer) },
  )
}

/** A job that was not taken: what is wrong with it, setting by setting where the manager says so. */
export function jobRefusal(
  url: string,
  path: string,
  job: { readonly type: string },
  answer: Answer,
): PackError {
  const detail = { status: answer.status, path, ...errorsOf(answer) }
  if (answer.status === 412) {
    return new PackError('JOB_TYPE_CHANGED', `The job type ${job.type} changed on the farm`, {
      detail,
      hint: 'Refresh the job types, look at the settings again and submit once more.',
    })
  }
  if (answer.status === 400 || answer.status === 422) {
    return new PackError(
      'JOB_REJECTED',
      `The farm refuses this job: ${messageOf(answer) ?? 'no reason given'}`,
      { detail, ...hintOf(answer) },
    )
  }
  return refusal(url, path, answer)
}

/** What is wrong with which setting, where the manager tells them apart. */
function errorsOf(answer: Answer): { errors?: { setting: string; message: string }[] } {
  const { fields } = (answer.body ?? {}) as { fields?: { field: string; message: string }[] }
  if (!Array.isArray(fields)) return {}
  const errors = fields
    .filter(({ field }) => field.startsWith('settings.'))
    .map(({ field, message }) => ({ setting: field.slice('settings.'.length), message }))
  return { errors }
}

/** A job type that the farm lacks, told with those it has. */
export async function unknownJobType(
  name: string,
  fetchTypes: () => Promise<unknown>,
): Promise<PackError> {
  const types = await fetchTypes().then(
    (body) => (body as { job_types?: { name: string }[] }).job_types ?? [],
    () => [],
  )
  const names = types.map((type) => type.name).join(', ')
  return new PackError('JOB_TYPE_UNKNOWN', `The farm has no job type "${name}"`, {
    detail: { name },
    hint: names ? `It has ${names}.` : 'It has no job types at all.',
  })
}

function messageOf(answer: Answer): string | undefined {
  const message = (answer.body as { message?: unknown } | undefined)?.message
  return typeof message === 'string' && message !== '' ? message : undefined
}

function hintOf(answer: Answer): { hint?: string } {
  const hint = (answer.body as { hint?: unknown } | undefined)?.hint
  return typeof hint === 'string' ? { hint } : {}
}
