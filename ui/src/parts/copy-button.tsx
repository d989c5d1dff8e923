import { createSignal, onCleanup } from 'solid-js'
import { Icon } from './glyph.tsx'

/** Copies a text and says so for a moment. With no label it is an icon named for what it copies. */
export function CopyButton(props: { text: () => string; label?: string; what?: string }) {
  const [done, setDone] = createSignal(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  onCleanup(() => clearTimeout(timer))
  const copy = async (): Promise<void> => {
    await writeClipboard(props.text())
    setDone(true)
    clearTimeout(timer)
    timer = setTimeout(() => setDone(false), 1500)
  }
  return (
    <button
      type="button"
      class={props.label ? 'button' : 'button icon quiet'}
      aria-label={props.label ? undefined : `Copy ${props.what ?? ''}`}
      title={props.label ? undefined : `Copy ${props.what ?? ''}`}
      onClick={() => void copy()}
    >
      <Icon name={done() ? 'done' : 'copy'} size={14} />
      {props.label ? (done() ? 'Copied' : props.label) : ''}
    </button>
  )
}

/** The clipboard API exists only on https and localhost; a farm is mostly neither. */
async function writeClipboard(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  area.style.position = 'fixed'
  area.style.opacity = '0'
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}
