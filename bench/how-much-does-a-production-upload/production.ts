/** One thing an artist did before a submission. Paths are relative to the show. */
export interface Edit {
  kind:
    | 'first'
    | 'save'
    | 'move'
    | 'sculpt'
    | 'add'
    | 'retime'
    | 'texture'
    | 'library'
    | 'version'
    | 'rename'
  artist: number
  sequence: number
  shot: string
  seed: number
  /** The texture or library changed, or the .blend's new path. */
  target?: string
}

const sequences = 5

/** How often each thing happens, in percent: mostly small edits, now and then something shared by all. */
const habits: [Exclude<Edit['kind'], 'first'>, number][] = [
  ['move', 25],
  ['retime', 21],
  ['sculpt', 15],
  ['save', 10],
  ['add', 10],
  ['version', 8],
  ['texture', 4],
  ['library', 5],
  ['rename', 2],
]

/** The life of a show: each sequence's first submission, then edits in an order that is the same in every run. */
export function planProduction(count: number): Edit[] {
  const random = randomFrom(20260101)
  const kinds = shuffled(shares(count - sequences), random)
  const shots = Array.from(
    { length: sequences },
    (_, i) => `seq0${i + 1}/sh010/seq0${i + 1}_sh010_v001.blend`,
  )
  return Array.from({ length: count }, (_, i): Edit => {
    const sequence = i < sequences ? i : Math.floor(random() * sequences)
    const shot = shots[sequence]!
    const edit: Edit = {
      kind: i < sequences ? 'first' : kinds[i - sequences]!,
      artist: Math.floor(random() * 3),
      sequence,
      shot,
      seed: 1000 + i,
    }
    const target = targetOf(edit, random)
    if (target === undefined) return edit
    if (edit.kind === 'version' || edit.kind === 'rename') shots[sequence] = target
    return { ...edit, target }
  })
}

function targetOf(edit: Edit, random: () => number): string | undefined {
  switch (edit.kind) {
    case 'texture':
      return `textures/surface_${String(Math.floor(random() * 12)).padStart(2, '0')}.png`
    case 'library':
      return random() < 0.5 ? 'lib/props.blend' : 'lib/characters.blend'
    case 'version':
      return edit.shot.replace(
        /_v(\d+)/,
        (_, n: string) => `_v${String(Number(n) + 1).padStart(3, '0')}`,
      )
    case 'rename':
      return edit.shot.replace(/\/sh\d+\//, `/sh${edit.seed}/`)
    default:
      return undefined
  }
}

/** The habits in a number of edits, each as often as its share says: chance decides on the order alone. */
function shares(count: number): Edit['kind'][] {
  const kinds: Edit['kind'][] = []
  let reached = 0
  for (const [kind, percent] of habits) {
    reached += percent
    while (kinds.length < Math.round((count * reached) / 100)) kinds.push(kind)
  }
  return kinds
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

/** Park and Miller's minimal standard generator: the same show in every run. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
