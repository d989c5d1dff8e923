export interface SeedJob {
  name: string
  frames: string
  chunk?: number
  priority?: number
  user?: string
  /** How many tasks are finished; the rest stays queued. */
  finish: number
  /** Frames whose tasks fail on whoever tries them. */
  failing?: readonly number[]
  /** Tasks left running at the end. */
  running?: number
  status?: 'paused' | 'canceled'
  pictures?: boolean
  /** Stores a made-up project: textures shared with its neighbours and some kB of its own. */
  project?: { folder: string; shared: number; ownKb: number }
}

/** A small production: something in every state. */
export const demoJobs: readonly SeedJob[] = [
  {
    name: 'titles_v4',
    project: { folder: 'titles', shared: 0, ownKb: 300 },
    frames: '1-40',
    finish: 41,
    user: 'joel',
  },
  {
    name: 'sh010_comp_v002',
    project: { folder: 'spring', shared: 3, ownKb: 420 },
    frames: '101-148',
    finish: 49,
    user: 'mara',
    pictures: true,
  },
  {
    name: 'turntable_hero',
    project: { folder: 'assets', shared: 6, ownKb: 900 },
    frames: '1-72',
    finish: 20,
    status: 'paused',
    user: 'joel',
    pictures: true,
  },
  {
    name: 'sh050_anim_v001',
    project: { folder: 'spring', shared: 6, ownKb: 60 },
    frames: '1-60',
    finish: 6,
    status: 'canceled',
    user: 'kim',
  },
  {
    name: 'sh040_fx_v021',
    project: { folder: 'spring', shared: 4, ownKb: 1500 },
    frames: '1-20',
    finish: 20,
    failing: [4, 9],
    user: 'kim',
    pictures: true,
  },
  {
    name: 'sh020_anim_v014',
    project: { folder: 'spring', shared: 8, ownKb: 500 },
    frames: '1001-1240',
    finish: 150,
    failing: [1054, 1110],
    running: 6,
    priority: 60,
    user: 'mara',
    pictures: true,
  },
  {
    name: 'sh030_light_v003',
    project: { folder: 'spring', shared: 8, ownKb: 200 },
    frames: '1-250',
    chunk: 5,
    finish: 0,
    priority: 40,
    user: 'joel',
  },
]
