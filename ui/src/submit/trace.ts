import type { TraceResult } from '@shaman-farm/manager-api'
import { asApiError, call } from '../farm/api.ts'

export type TracedFile = TraceResult['dependencies'][number]

/** What the manager found when it read the scene in its checkout. */
export interface TraceReport {
  /** Files the scene names and the checkout does not hold. */
  lacking: readonly TracedFile[]
  used: number
  /** Why the scene could not be read at all. */
  unreadable?: string
  /** This manager does not trace, or is too busy to: nothing is known. */
  untold?: string
}

export async function traceCheckout(
  checkout: string,
  blend: string,
  signal: AbortSignal,
): Promise<TraceReport> {
  try {
    const body = { checkout_id: checkout, blend }
    const result = await call<TraceResult>('/farm/trace', {
      method: 'POST',
      body,
      signal,
      timeoutMs: 180_000,
    })
    return { lacking: lackingOf(result.dependencies), used: result.dependencies.length }
  } catch (cause) {
    signal.throwIfAborted()
    const { status, message } = asApiError(cause)
    if (status === 422 || status === 400) return { lacking: [], used: 0, unreadable: message }
    return { lacking: [], used: 0, untold: message }
  }
}

/** Each file once, however many data-blocks name it. */
export function lackingOf(files: readonly TracedFile[]): TracedFile[] {
  const lacking = files.filter((file) => file.status !== 'ok')
  return [...new Map(lacking.map((file) => [file.path, file])).values()]
}

/** Whether somebody should look before the job is let go. */
export function needsLook(report: TraceReport): boolean {
  return report.lacking.length > 0 || report.unreadable !== undefined
}
