import { A } from '@solidjs/router'
import { CopyButton } from './copy-button.tsx'
import { EmptyState } from './empty-state.tsx'
import styles from './first-job.module.css'
import { Icon } from './glyph.tsx'

/** No job yet: the ways to send one, ready to copy. */
export function FirstJob() {
  const command = `farm submit scene.blend --manager ${location.origin}`
  return (
    <EmptyState
      icon="jobs"
      title="No jobs yet"
      sentence={
        <div class={styles.ways}>
          <section class={styles.way}>
            <h2>From a terminal</h2>
            <p>Traces the .blend, uploads only what the farm does not have yet, and submits it.</p>
            <div class={styles.command}>
              <code>{command}</code>
              <CopyButton text={() => command} what="the command" />
            </div>
          </section>
          <section class={styles.way}>
            <h2>From Blender</h2>
            <p>
              The add-on sends the open scene from the Output properties, and shows what becomes of
              it.
            </p>
            <A class="button primary" href="/addon">
              <Icon name="download" size={14} />
              Get the add-on
            </A>
          </section>
          <section class={styles.way}>
            <h2>From this browser</h2>
            <p>Drop a project folder. It is hashed here, and only what is missing is uploaded.</p>
            <A class="button" href="/jobs/submit">
              <Icon name="upload" size={14} />
              Submit a project
            </A>
          </section>
        </div>
      }
    />
  )
}
