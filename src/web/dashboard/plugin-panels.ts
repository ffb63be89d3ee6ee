// The panels that plugins of the server add, and their data: asked for while somebody can see them.
import { useEffect, useState } from 'preact/hooks'
import { type PanelData, type PanelInfo, parsePanelData, parsePanelList } from '../../lib/protocol/panels.ts'
import { routes } from '../../lib/protocol/routes.ts'
import { parseJson, readAnswerError } from '../shared/answer.ts'

const answerMs = 15_000

/** The panels of the server that is there now: asked for again whenever `isReached` begins. */
export function usePluginPanels(base: string, isReached: boolean): readonly PanelInfo[] {
  const [panels, setPanels] = useState<readonly PanelInfo[]>([])
  useEffect(() => {
    if (!isReached) return
    const leaving = new AbortController()
    void fetch(base + routes.webrtc.panels, { signal: leaving.signal })
      .then(async (answer) => answer.ok && setPanels(parsePanelList(parseJson(await answer.text()))))
      .catch(() => undefined)
    return () => leaving.abort()
  }, [base, isReached])
  return panels
}

/** What a panel shows, and what stands in the way of newer data. */
export interface PanelContent {
  readonly data?: PanelData
  readonly problem?: string
}

async function ask(url: string, signal: AbortSignal): Promise<PanelContent> {
  const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]) }).catch(
    () => undefined,
  )
  if (!answer) return { problem: 'The server does not answer.' }
  const text = await answer.text().catch(() => '')
  if (!answer.ok) return { problem: readAnswerError(text).message ?? `The server answered ${answer.status}.` }
  const data = parsePanelData(parseJson(text))
  return data ? { data } : { problem: 'The plugin sent neither figures, series nor a table.' }
}

/** The data of a panel, every so many seconds; not while the page is hidden. */
export function usePluginContent({ url, everyS }: PanelInfo): PanelContent {
  const [content, setContent] = useState<PanelContent>({})
  useEffect(() => {
    const leaving = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const next = async () => {
      if (document.hidden) return
      const found = await ask(url, leaving.signal)
      if (leaving.signal.aborted) return
      setContent((before) => (found.data ? found : { ...before, ...found }))
      clearTimeout(timer)
      timer = setTimeout(next, everyS * 1000)
    }
    const onVisible = () => {
      clearTimeout(timer)
      void next()
    }
    document.addEventListener('visibilitychange', onVisible)
    void next()
    return () => {
      leaving.abort()
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', onVisible)
    }
  }, [url, everyS])
  return content
}
