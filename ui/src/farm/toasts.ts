import { createSignal } from 'solid-js'

export interface Toast {
  id: number
  text: string
  at: number
  /** An error stays until dismissed and carries a report to copy. */
  report?: string
  undo?: () => void
}

const [toasts, setToasts] = createSignal<readonly Toast[]>([])
const [history, setHistory] = createSignal<readonly Toast[]>([])
let nextId = 1
const historyLimit = 200

export { history as toastHistory, toasts }

export function toast(text: string, extras: Pick<Toast, 'report' | 'undo'> = {}): void {
  const fresh: Toast = { id: nextId, text, at: Date.now(), ...extras }
  nextId += 1
  setToasts((all) => [...all, fresh].slice(-3))
  setHistory((all) => [fresh, ...all].slice(0, historyLimit))
  if (extras.report === undefined) setTimeout(() => dismiss(fresh.id), 8000)
}

export function clearHistory(): void {
  setHistory([])
}

export function dismiss(id: number): void {
  setToasts((all) => all.filter((one) => one.id !== id))
}

/** The newest act that can still be taken back. */
export function undoLast(): boolean {
  const last = toasts().findLast((one) => one.undo)
  if (!last) return false
  dismiss(last.id)
  last.undo?.()
  return true
}
