// Opens a stream that waits for a viewer, and says where to watch it.
import { useState } from 'preact/hooks'
import { CopyButton } from '../shared/copy-button.tsx'
import { Icon } from '../shared/icons.tsx'
import { type Outcome, startStream } from './api.ts'
import { Dialog } from './dialog.tsx'
import { qualityNames } from './quality-select.tsx'
import { plainName } from './words.ts'

interface StartProps {
  readonly base: string
  onStarted(connectionId: string): void
  onClose(): void
}

export function StartDialog({ base, onStarted, onClose }: StartProps) {
  const [content, setContent] = useState('')
  const [quality, setQuality] = useState('auto')
  const [outcome, setOutcome] = useState<Outcome | undefined>()
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: Event) => {
    event.preventDefault()
    if (!content.trim() || isBusy) return
    setBusy(true)
    setOutcome(undefined)
    const result = await startStream(base, content.trim(), quality)
    setBusy(false)
    setOutcome(result)
    if (result.isDone && result.connectionId) onStarted(result.connectionId)
  }
  return (
    <Dialog title="Start a stream" onClose={onClose}>
      <form class="fields" onSubmit={submit}>
        <label>
          <span>CID or address</span>
          <input
            type="text"
            value={content}
            placeholder="bafy…, ipfs:// or a link"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            aria-invalid={outcome?.isDone === false}
            onInput={(event) => setContent(event.currentTarget.value)}
          />
        </label>
        <label>
          <span>Quality</span>
          <select value={quality} onChange={(event) => setQuality(event.currentTarget.value)}>
            {qualityNames.map((name) => (
              <option key={name} value={name}>
                {plainName(name)}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="primary" disabled={isBusy || !content.trim()}>
          <Icon name="play" size={18} /> {isBusy ? 'Opening…' : 'Start'}
        </button>
      </form>
      <div aria-live="polite">
        {outcome?.isDone === false && (
          <p class="problem wrap">
            {outcome.message} {outcome.hint}
          </p>
        )}
        {outcome?.isDone && outcome.player && (
          <div class="started">
            <p>The stream waits one minute for its viewer.</p>
            <div class="dialog-actions">
              <CopyButton text={location.origin + outcome.player} label="Address" />
              <a class="button" href={outcome.player} target="_blank" rel="noopener">
                Watch it
              </a>
            </div>
          </div>
        )}
      </div>
    </Dialog>
  )
}
