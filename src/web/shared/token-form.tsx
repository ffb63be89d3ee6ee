// Asks for the server's token and turns it into a cookie, so that no address and no script ever holds it.
import { useState } from 'preact/hooks'
import { readAnswerError } from './answer.ts'

/** Turns a token into the session cookie. Resolves to what is wrong, or undefined when the server took it. */
async function openSession(base: string, token: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${base}/api/v0/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    })
    if (response.ok) return undefined
    if (response.status === 401 || response.status === 403) return 'The server does not know this token.'
    return readAnswerError(await response.text()).message ?? `The server answered ${response.status}.`
  } catch {
    return 'The server does not answer.'
  }
}

/** Takes `#token=…` off the address (a fragment is never sent) and opens the session with it. True when there was one. */
export async function openSessionFromFragment(base: string): Promise<boolean> {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (!token) return false
  history.replaceState(null, '', location.pathname + location.search)
  await openSession(base, token)
  return true
}

export function TokenForm({ base, onOpen }: { base: string; onOpen: () => void }) {
  const [token, setToken] = useState('')
  const [problem, setProblem] = useState<string | undefined>()
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: Event) => {
    event.preventDefault()
    if (!token.trim() || isBusy) return
    setBusy(true)
    const wrong = await openSession(base, token.trim())
    setBusy(false)
    setProblem(wrong)
    if (!wrong) onOpen()
  }
  return (
    <form class="token-form" onSubmit={submit}>
      <label>
        <span>Token</span>
        <input
          type="password"
          autocomplete="current-password"
          value={token}
          aria-invalid={problem !== undefined}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary" disabled={isBusy || !token.trim()}>
        {isBusy ? 'Checking…' : 'Continue'}
      </button>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  )
}
