import { ApiError, apiBase, authHeaders } from '../farm/api.ts'

export interface Sent {
  status: number
  body: unknown
  header(name: string): string | null
}

export interface SendOptions {
  signal: AbortSignal
  onShare(share: number): void
  headers?: Record<string, string>
}

/** How long a connection may be silent; the whole may take hours. */
const silentMs = 120_000

/** XMLHttpRequest, because fetch does not tell how much of a body has been sent. */
export function send(
  what: { method: 'POST' | 'PATCH'; path: string; body: Blob | FormData; accept?: number[] },
  { signal, onShare, headers = {} }: SendOptions,
): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const stop = (): void => request.abort()
    let watchdog: ReturnType<typeof setTimeout> | undefined
    const feed = (): void => {
      clearTimeout(watchdog)
      watchdog = setTimeout(stop, silentMs)
    }
    request.open(what.method, `${apiBase}${what.path}`)
    for (const [name, value] of Object.entries({ ...authHeaders(), ...headers })) {
      request.setRequestHeader(name, value)
    }
    request.upload.onprogress = (event) => {
      feed()
      if (event.total > 0) onShare(event.loaded / event.total)
    }
    request.onloadend = () => {
      clearTimeout(watchdog)
      signal.removeEventListener('abort', stop)
      const isOk = request.status >= 200 && request.status < 300
      if (isOk || what.accept?.includes(request.status)) resolve(sentOf(request))
      else if (signal.aborted) reject(signal.reason)
      else reject(refused(request))
    }
    signal.addEventListener('abort', stop, { once: true })
    feed()
    request.send(what.body)
  })
}

function sentOf(request: XMLHttpRequest): Sent {
  return {
    status: request.status,
    body: parse(request.responseText),
    header: (name) => request.getResponseHeader(name),
  }
}

function refused(request: XMLHttpRequest): ApiError {
  const body = parse(request.responseText) as {
    error_code?: string
    message?: string
    hint?: string
  }
  const fallback = request.status === 0 ? 'UNREACHABLE' : `HTTP_${request.status}`
  return new ApiError(body.message ?? 'The upload broke off.', {
    status: request.status,
    code: body.error_code ?? fallback,
    ...(body.hint ? { hint: body.hint } : {}),
  })
}

function parse(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch {
    return {}
  }
}
