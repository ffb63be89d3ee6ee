// The home page: one box to play anything with a CID, a place to drop files, and what was played before.
import { useEffect, useState } from 'preact/hooks'
import { playerPath, routes } from '../../lib/protocol/routes.ts'
import { Icon, Mark } from '../shared/icons.tsx'
import { forgetAll, readRecent } from '../shared/recent.ts'
import { openSessionFromFragment, TokenForm } from '../shared/token-form.tsx'
import { RecentCard, SampleCard } from './content-list.tsx'
import { readContentText } from './content-text.ts'
import { fetchInfo, type InfoResult } from './server-info.ts'
import { UploadCard } from './upload-card.tsx'

function OpenBox({ base }: { base: string }) {
  const [text, setText] = useState('')
  const [problem, setProblem] = useState<string | undefined>()
  const submit = (event: Event) => {
    event.preventDefault()
    const result = readContentText(text)
    if ('problem' in result) setProblem(result.problem)
    else location.assign(base + playerPath(result.content))
  }
  return (
    <form class="open-box" onSubmit={submit}>
      <div class="open-field">
        <input
          type="text"
          value={text}
          placeholder="bafy…, ipfs:// or a link"
          aria-label="CID or address"
          aria-invalid={problem !== undefined}
          aria-describedby="open-problem"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          onInput={(event) => {
            setText(event.currentTarget.value)
            setProblem(undefined)
          }}
        />
        <button type="submit" class="primary">
          <Icon name="play" size={20} /> Play
        </button>
      </div>
      <p id="open-problem" class="problem" role="alert">
        {problem}
      </p>
    </form>
  )
}

function ServerLine({ result }: { result: InfoResult | undefined }) {
  if (!result || !('info' in result)) return null
  const { version, encoder, store, nodeId } = result.info
  const parts = [
    version && `mcpx ${version}`,
    store && `${store} store`,
    encoder && (encoder === 'none' ? 'no encoder' : `${encoder} encoder`),
    nodeId && `node ${nodeId}`,
  ]
  return <p class="quiet">{parts.filter(Boolean).join(' · ')}</p>
}

const links = [
  ['Dashboard', routes.dashboard],
  ['Health', routes.health],
  ['Metrics', routes.metrics],
  ['OpenAPI', routes.openapi],
] as const

export function App({ base }: { base: string }) {
  const [result, setResult] = useState<InfoResult | undefined>()
  const [recent, setRecent] = useState(readRecent)
  const refresh = () => void fetchInfo(base).then(setResult)
  useEffect(() => {
    document.title = 'mcpx · play anything with a CID'
    void openSessionFromFragment(base).then(refresh)
    const onShow = () => setRecent(readRecent())
    addEventListener('pageshow', onShow)
    return () => removeEventListener('pageshow', onShow)
  }, [])

  const needsToken = result !== undefined && 'needsToken' in result
  return (
    <div class="page">
      <header class="site-head">
        <a class="brand" href={`${base}/`}>
          <Mark size={34} />
          <span>mcpx</span>
        </a>
        <nav aria-label="Server">
          {links.map(([name, path]) => (
            <a key={name} href={base + path}>
              {name}
            </a>
          ))}
        </nav>
      </header>
      <main>
        <div class="hero">
          <h1>Play anything with a CID</h1>
          <p class="quiet">Video and audio from IPFS over WebRTC: it starts at once, and you see how well it plays.</p>
          {needsToken ? (
            <section class="card token-card" aria-labelledby="token-title">
              <h2 id="token-title">This server asks for a token</h2>
              <TokenForm base={base} onOpen={refresh} />
            </section>
          ) : (
            <OpenBox base={base} />
          )}
          {result && 'isGone' in result && (
            <p class="problem" role="alert">
              The server does not answer.{' '}
              <button type="button" class="chip" onClick={refresh}>
                Try again
              </button>
            </p>
          )}
        </div>
        {!needsToken && (
          <div class="cards">
            <div class="column">
              <UploadCard
                base={base}
                onAdded={() => setRecent(readRecent())}
                onTokenNeeded={() => setResult({ needsToken: true })}
              />
            </div>
            <div class="column">
              {result && 'info' in result && result.info.sampleCid && (
                <SampleCard base={base} cid={result.info.sampleCid} />
              )}
              <RecentCard
                base={base}
                items={recent}
                onClear={() => {
                  forgetAll()
                  setRecent([])
                }}
              />
            </div>
          </div>
        )}
      </main>
      <footer>
        <ServerLine result={result} />
      </footer>
    </div>
  )
}
