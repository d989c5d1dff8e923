/** One message of a Server-Sent Events stream. */
export interface SseMessage {
  id: string | undefined
  event: string
  data: string
}

/**
 * Reads a stream of text in any cuts and calls back for each whole message. A comment line (the
 * server's heartbeat) is no message; a last message without its empty line is dropped, as the
 * standard asks.
 */
export function createSseParser(onMessage: (message: SseMessage) => void): (text: string) => void {
  let rest = ''
  let lastId: string | undefined
  let event = ''
  let data: string[] = []

  return (text) => {
    rest += text
    // A CR at the very end may be the first half of CRLF: wait for the next cut.
    const end = rest.endsWith('\r') ? rest.length - 1 : rest.length
    const lines = rest.slice(0, end).split(/\r\n|\n|\r/)
    rest = (lines.pop() ?? '') + rest.slice(end)
    for (const line of lines) readLine(line)
  }

  function readLine(line: string): void {
    if (line === '') {
      dispatch()
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') data.push(value)
    else if (field === 'event') event = value
    else if (field === 'id' && !value.includes('\0')) lastId = value
  }

  function dispatch(): void {
    if (data.length > 0) onMessage({ id: lastId, event: event || 'message', data: data.join('\n') })
    event = ''
    data = []
  }
}
