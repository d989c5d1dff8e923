import type { FastifyRequest } from 'fastify'
import { ShamanError } from '../errors.ts'

/** `X-Shaman-Can-Defer-Upload`, in the spellings Go's ParseBool takes: Python clients send `True`. */
export function readCanDefer(request: FastifyRequest): boolean {
  const value = request.headers['x-shaman-can-defer-upload']
  if (value === undefined) return false
  const text = String(value).toLowerCase()
  if (['1', 't', 'true'].includes(text)) return true
  if (['0', 'f', 'false', ''].includes(text)) return false
  throw new ShamanError('REQUEST_INVALID', 'X-Shaman-Can-Defer-Upload is neither true nor false')
}

/** `X-Shaman-Original-Filename`: ASCII, or encoded words of RFC 2047. Only ever logged. */
export function readOriginalName(request: FastifyRequest): string | undefined {
  const value = request.headers['x-shaman-original-filename']
  return value === undefined ? undefined : decodeWords(String(value))
}

/** Decodes RFC 2047 encoded words; throws `REQUEST_INVALID` when one is malformed. */
export function decodeWords(text: string): string {
  // White space between two encoded words is not part of the text.
  const joined = text.replace(/(\?=)\s+(?==\?)/g, '$1')
  return joined.replace(/=\?([^?\s]+)\?([^?\s]*)\?([^?]*)\?=/g, (_all, charset, coding, data) =>
    decodeWord(String(charset), String(coding), String(data)),
  )
}

function decodeWord(charset: string, coding: string, data: string): string {
  const bytes = bytesOf(coding.toLowerCase(), data)
  try {
    return new TextDecoder(charset.split('*')[0], { fatal: true }).decode(bytes)
  } catch (cause) {
    throw invalidName(cause)
  }
}

function bytesOf(coding: string, data: string): Uint8Array {
  if (coding === 'b') return Buffer.from(data, 'base64')
  if (coding !== 'q') throw invalidName()
  const plain = data.replaceAll('_', ' ')
  if (/=(?![0-9a-fA-F]{2})/.test(plain)) throw invalidName()
  const decoded = plain.replace(/=([0-9a-fA-F]{2})/g, (_all, hex) =>
    String.fromCharCode(Number.parseInt(String(hex), 16)),
  )
  return Buffer.from(decoded, 'latin1')
}

function invalidName(cause?: unknown): ShamanError {
  return new ShamanError('REQUEST_INVALID', 'X-Shaman-Original-Filename is not valid RFC 2047', {
    cause,
  })
}

/** The client's own name for itself, by which it keeps its claims; empty when it gave none. */
export function clientOf(request: FastifyRequest): string {
  const value = String(request.headers['x-shaman-client'] ?? '')
  if (/^[\w-]{0,64}$/.test(value)) return value
  throw new ShamanError(
    'REQUEST_INVALID',
    'X-Shaman-Client has other than letters, digits, - and _',
  )
}
