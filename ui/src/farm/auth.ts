import { createSignal } from 'solid-js'

const key = 'farm.token'
// Read in tests too, where there is no browser.
const stored = globalThis.sessionStorage?.getItem(key) ?? undefined
const [token, setTokenSignal] = createSignal<string | undefined>(stored)
const [refused, setRefused] = createSignal(false)

/** The farm asks for a token, and this page has none that it takes. */
export { refused as tokenIsWanted, token }

export function authHeaders(): Record<string, string> {
  const known = token()
  return known === undefined ? {} : { Authorization: `Bearer ${known}` }
}

/** Kept for this tab only: a token left behind in a shared browser would be somebody else's. */
export function setToken(next: string | undefined): void {
  if (next === undefined) sessionStorage.removeItem(key)
  else sessionStorage.setItem(key, next)
  setTokenSignal(next)
  setRefused(false)
}

export function tellRefused(): void {
  setRefused(true)
}
