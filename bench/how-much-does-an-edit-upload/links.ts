import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { quantile } from '../harness/quantile.ts'
import type { Figure } from '../harness/question.ts'
import type { Scene } from './scenes.ts'
import { type Submitter, startSubmitter } from './store.ts'

// Where nothing slows it, an edit takes some 60 ms, of which single ones differ by a third.
const links = [
  { name: '100 Mbit/s', bytesPerSecond: 12.5e6, turns: 7 },
  { name: '1 Gbit/s', bytesPerSecond: 125e6, turns: 7 },
  { name: 'no network between', bytesPerSecond: undefined, turns: 31 },
]

/** How long an edit takes, against the whole file, over networks of which the last outruns the store. */
export async function measureLinks(workDir: string, scene: Scene): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const link of links) {
    const dir = join(workDir, 'links')
    figures.push(figureOf(scene, link.name, await measureLink(dir, scene, link)))
    await rm(dir, { recursive: true, force: true })
  }
  return figures
}

interface Times {
  adaptive: number[]
  whole: number[]
}

async function measureLink(
  dir: string,
  { base, edited }: Scene,
  { bytesPerSecond, turns }: (typeof links)[number],
): Promise<Times> {
  const start = (name: string, prefer: 'time' | 'whole'): Promise<Submitter> =>
    startSubmitter(join(dir, name), base, { bytesPerSecond, prefer })
  const adaptive = await start('adaptive', 'time')
  const whole = await start('whole', 'whole')
  // Both ways have to be seen twice before the quicker one can be chosen.
  for (const edit of ['add-mesh', 'purge'] as const) await adaptive.sendNew(edited[edit])
  for (let turn = 0; turn < 3; turn++) await adaptive.send(edited.sculpt)
  const times: Times = { adaptive: [], whole: [] }
  for (let turn = 0; turn < turns; turn++) {
    times.adaptive.push((await adaptive.send(edited['move-object'])).wallMs)
    times.whole.push((await whole.send(edited['move-object'])).wallMs)
  }
  await Promise.all([adaptive.close(), whole.close()])
  return times
}

function figureOf(scene: Scene, link: string, times: Times): Figure {
  const [adaptiveMs, wholeMs] = [quantile(times.adaptive, 0.5), quantile(times.whole, 0.5)]
  const value = adaptiveMs / wholeMs
  return {
    name: `${scene.name}: an edit against the whole file, ${link}`,
    value,
    unit: 'x the time',
    target: '<= 1.05',
    met: value <= 1.05,
    baseline: `${Math.round(wholeMs)} ms whole, ${Math.round(adaptiveMs)} ms as chosen`,
    cause:
      'Where no network slows it, a whole file passes through the same reading, hashing, writing and syncing; which way is quicker is judged by the best of three measurements of each.',
  }
}
