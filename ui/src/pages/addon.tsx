import type { JSX } from 'solid-js'
import { CopyButton } from '../parts/copy-button.tsx'
import { Icon } from '../parts/glyph.tsx'
import styles from './addon.module.css'
import page from './page.module.css'

const repository = `${location.origin}/addon/index.json`
// Blender reads the repository from a link that is dropped into it, and then asks it for updates.
const dropped = '/addon/shaman_farm.zip?repository=./index.json&blender_version_min=4.2.0'

/** How the add-on comes into Blender, and stays up to date. */
export function AddonPage() {
  return (
    <div class={page.page}>
      <h1>Get the add-on</h1>
      <p class="muted">
        For Blender 4.2 and newer. It sends the open scene to this farm with everything the scene
        uses, and shows what becomes of the job.
      </p>
      <ol class={styles.steps}>
        <li class="card">
          <h2>1. Install it</h2>
          <p>
            Drag this button into Blender’s window and confirm twice: once for this farm’s
            repository, and once for the add-on. Blender offers the updates from then on.
          </p>
          <p>
            <a class="button primary" href={dropped} download="shaman_farm.zip">
              <Icon name="download" size={14} />
              Drag me into Blender
            </a>
          </p>
          <p>
            Where nothing can be dragged:{' '}
            <i>Preferences › Get Extensions › Repositories › + › Add Remote Repository</i>, with the
            address
          </p>
          <Copyable text={repository} what="the repository’s address" />
          <p class="muted">
            then look for “Shaman Farm” under <i>Get Extensions</i>. A{' '}
            <a href="/flamenco-addon.zip" download="">
              downloaded file
            </a>{' '}
            works too, but Blender will not know of updates.
          </p>
        </li>
        <li class="card">
          <h2>2. Choose this farm</h2>
          <p>
            In the <i>Output</i> properties, open the panel <i>Shaman Farm</i>. The menu at its top
            lists the farms of this network; elsewhere enter this address under <i>Other Farm…</i>
          </p>
          <Copyable text={location.origin} what="the farm’s address" />
          <p class="muted">
            Blender’s <i>online access</i> has to be allowed; the panel asks for it. A farm that
            asks for tokens takes yours there, too.
          </p>
        </li>
      </ol>
      <p>
        More in the{' '}
        <a href="/docs/addon.md" rel="external">
          documentation
        </a>
        .
      </p>
    </div>
  )
}

function Copyable(props: { text: string; what: string }): JSX.Element {
  return (
    <p class={styles.copyable}>
      <code>{props.text}</code>
      <CopyButton text={() => props.text} what={props.what} />
    </p>
  )
}
