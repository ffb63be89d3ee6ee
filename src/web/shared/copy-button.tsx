// A button that copies a text and says that it did.
import { useEffect, useState } from 'preact/hooks'
import { Icon } from './icons.tsx'

/** The clipboard API needs a secure context; a plain http address on a network has only the old way. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const field = document.createElement('textarea')
    field.value = text
    field.className = 'off-screen'
    document.body.append(field)
    field.select()
    const isDone = document.execCommand('copy')
    field.remove()
    return isDone
  }
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [result, setResult] = useState<'copied' | 'failed' | undefined>()
  useEffect(() => {
    if (!result) return
    const timer = setTimeout(() => setResult(undefined), 1_800)
    return () => clearTimeout(timer)
  }, [result])
  return (
    <button type="button" class="chip" onClick={async () => setResult((await copyText(text)) ? 'copied' : 'failed')}>
      <Icon name={result === 'copied' ? 'check' : 'copy'} size={16} />
      <span aria-live="polite">{result === 'copied' ? 'Copied' : result === 'failed' ? 'Not allowed' : label}</span>
    </button>
  )
}
