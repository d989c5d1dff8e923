import { randomBytes } from 'node:crypto'

/** Stands in for a token where a browser can send none: an event stream, an image, a download. */
export interface Tickets {
  issue(tokenId: string, forMs: number): { ticket: string; expiresAt: number }
  /** The id of the token it stands for. */
  find(ticket: string): string | undefined
}

const mostTickets = 20_000

/** Kept in memory only: after a restart a dashboard asks for another one. */
export function createTickets(now: () => number = Date.now): Tickets {
  const tickets = new Map<string, { tokenId: string; expiresAt: number }>()
  const sweep = (): void => {
    for (const [ticket, { expiresAt }] of tickets) {
      if (expiresAt <= now() || tickets.size > mostTickets) tickets.delete(ticket)
    }
  }
  return {
    issue(tokenId, forMs) {
      const ticket = randomBytes(24).toString('base64url')
      const expiresAt = now() + forMs
      if (tickets.size >= mostTickets) sweep()
      tickets.set(ticket, { tokenId, expiresAt })
      return { ticket, expiresAt }
    },
    find(ticket) {
      const found = tickets.get(ticket)
      return found && found.expiresAt > now() ? found.tokenId : undefined
    },
  }
}
