/** A job's name but for its version: `sh020_anim_v014` and `sh020_anim_v013` are of one shot. */
export function shotOf(name: string): string {
  return name.replace(/[\s._-]*v?\d+$/i, '')
}
