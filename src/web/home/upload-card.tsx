// Drop a file, get a CID, watch it.
import { useEffect, useRef, useState } from 'preact/hooks'
import { playerPath } from '../../lib/protocol/routes.ts'
import { CopyButton } from '../shared/copy-button.tsx'
import { Icon } from '../shared/icons.tsx'
import { remember } from '../shared/recent.ts'
import { type Upload, upload } from './upload.ts'
import { whepAddress } from './whep-address.ts'

type Step =
  | { readonly is: 'idle' }
  | { readonly is: 'sending'; readonly name: string; readonly sent: number; readonly all: number }
  | { readonly is: 'done'; readonly name: string; readonly cid: string }
  | { readonly is: 'failed'; readonly words: string }

const units = ['B', 'KB', 'MB', 'GB'] as const

function sizeText(bytes: number): string {
  let [value, at] = [bytes, 0]
  // By what is written: 999,960 bytes are 1.0 MB.
  while (value >= (at === 0 ? 1000 : 999.95) && at < units.length - 1) {
    value /= 1000
    at++
  }
  return `${value.toFixed(at === 0 ? 0 : 1)} ${units[at]}`
}

interface Props {
  readonly base: string
  onAdded(): void
  onTokenNeeded(): void
}

export function UploadCard({ base, onAdded, onTokenNeeded }: Props) {
  const [step, setStep] = useState<Step>({ is: 'idle' })
  const [isOver, setOver] = useState(false)
  const running = useRef<Upload | undefined>(undefined)
  const picker = useRef<HTMLInputElement>(null)

  const send = async (files: readonly File[]) => {
    const [first] = files
    if (!first || running.current) return
    const name = files.length === 1 ? first.name : `${files.length} files`
    const all = files.reduce((sum, file) => sum + file.size, 0)
    setStep({ is: 'sending', name, sent: 0, all })
    running.current = upload(base, files, (sent, total) => setStep({ is: 'sending', name, sent, all: total || all }))
    const result = await running.current.done
    running.current = undefined
    if ('cid' in result) {
      remember({ content: result.cid, name })
      setStep({ is: 'done', name, cid: result.cid })
      onAdded()
      return
    }
    if (result.status === 401) onTokenNeeded()
    setStep({ is: 'failed', words: result.error.message ?? `The server answered ${result.status}.` })
  }

  useEffect(() => {
    // A file dropped anywhere on the page counts; without this the browser would leave the page and open it.
    const onDragOver = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      setOver(true)
    }
    const onDragLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false)
    }
    const onDrop = (event: DragEvent) => {
      event.preventDefault()
      setOver(false)
      void send([...(event.dataTransfer?.files ?? [])])
    }
    addEventListener('dragover', onDragOver)
    addEventListener('dragleave', onDragLeave)
    addEventListener('drop', onDrop)
    return () => {
      removeEventListener('dragover', onDragOver)
      removeEventListener('dragleave', onDragLeave)
      removeEventListener('drop', onDrop)
    }
  })

  const pick = () => picker.current?.click()
  return (
    <section class={`card upload${isOver ? ' is-over' : ''}`} aria-labelledby="upload-title">
      <h2 id="upload-title">Add a file</h2>
      <input
        ref={picker}
        type="file"
        multiple
        class="off-screen"
        tabIndex={-1}
        aria-label="Files to add"
        onChange={(event) => {
          void send([...(event.currentTarget.files ?? [])])
          event.currentTarget.value = ''
        }}
      />
      {step.is === 'idle' && (
        <button type="button" class="drop" onClick={pick}>
          <Icon name="upload" size={30} />
          <strong>Drop video or audio here</strong>
          <span class="quiet">or choose a file. It gets a CID and plays at once.</span>
        </button>
      )}
      {step.is === 'sending' && (
        <div class="drop" role="status">
          <strong class="one-line">{step.name}</strong>
          <progress max={step.all || 1} value={step.sent} aria-label="Upload" />
          <span class="quiet">
            {step.sent < step.all ? `${sizeText(step.sent)} of ${sizeText(step.all)}` : 'Computing the CID…'}
          </span>
          <button type="button" class="chip" onClick={() => running.current?.cancel()}>
            Cancel
          </button>
        </div>
      )}
      {step.is === 'done' && (
        <div class="drop" role="status">
          <Icon name="check" size={30} />
          <strong class="one-line">{step.name}</strong>
          <code class="wrap">{step.cid}</code>
          <div class="actions">
            <a class="primary" href={base + playerPath(step.cid)}>
              <Icon name="play" size={20} /> Play
            </a>
            <CopyButton text={step.cid} label="CID" />
            <CopyButton text={whepAddress(base, step.cid)} label="WHEP URL" />
            <button type="button" class="chip" onClick={() => setStep({ is: 'idle' })}>
              Add another
            </button>
          </div>
        </div>
      )}
      {step.is === 'failed' && (
        <div class="drop" role="alert">
          <Icon name="warning" size={30} />
          <strong>That did not work</strong>
          <span class="problem">{step.words}</span>
          <button type="button" class="chip" onClick={() => setStep({ is: 'idle' })}>
            Try again
          </button>
        </div>
      )}
    </section>
  )
}
