import type { FastifyReply } from 'fastify'

const common = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
} as const

/** For what is data: opened as a page it could do nothing, whatever an uploaded file contains. */
const forData = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

/**
 * @param inlineScripts digests of the scripts that stand in the page itself; any other has to come from here as a file
 */
export function pagePolicy(inlineScripts: readonly string[] = []): string {
  const scripts = ["'self'", ...inlineScripts.map((digest) => `'sha256-${digest}'`)]
  return [
    "default-src 'none'",
    `script-src ${scripts.join(' ')}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** On every answer; a page's own policy is set where the page is sent. */
export function addSecurityHeaders(reply: FastifyReply): void {
  reply.headers(common).header('content-security-policy', forData)
}
