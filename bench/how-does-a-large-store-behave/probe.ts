import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'

const everyMs = 10

/**
 * How long each of a steady row of status requests takes, in milliseconds, while an action runs. A request is sent when its
 * time has come, whether or not the one before was answered: else a server that stands still would be asked less.
 */
export async function probe(
  api: string,
  addresses: readonly string[],
  during: (wait: typeof sleep) => Promise<unknown>,
): Promise<number[]> {
  const agent = new Agent({ connections: 32 })
  const times: number[] = []
  const asking: Promise<void>[] = []
  let isOver = false
  const ask = async (address: string, due: number): Promise<void> => {
    const { statusCode, body } = await request(`${api}/${address}`, { dispatcher: agent })
    await body.dump()
    if (statusCode !== 200) throw new Error(`a status request was answered ${statusCode}`)
    times.push(performance.now() - due)
  }
  const asker = (async () => {
    const begun = performance.now()
    for (let i = 0; !isOver; i += 1) {
      const due = begun + i * everyMs
      const wait = due - performance.now()
      if (wait > 0) await sleep(wait)
      asking.push(ask(addresses[i % addresses.length]!, Math.max(due, performance.now() - everyMs)))
    }
  })()
  try {
    await during(sleep)
  } finally {
    isOver = true
    await asker
    await Promise.all(asking)
    await agent.close()
  }
  return times
}
