import { h } from 'preact'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { CopyButton } from '../../../../../src/web/shared/copy-button.tsx'
import { openSessionFromFragment, TokenForm } from '../../../../../src/web/shared/token-form.tsx'
import { openPage } from '../small-document.ts'

/** A server that answers so when it is asked for a session. */
function answering(...answers: readonly (Response | Error)[]) {
  const asked: { readonly url: string; readonly body: unknown }[] = []
  vi.stubGlobal('fetch', async (url: string, { body }: RequestInit) => {
    asked.push({ url, body: JSON.parse(String(body)) })
    const answer = answers[asked.length - 1] ?? answers.at(-1)!
    if (answer instanceof Error) throw answer
    return answer.clone()
  })
  return asked
}

function openForm(...answers: readonly (Response | Error)[]) {
  const page = openPage()
  const onOpen = vi.fn()
  const asked = answering(...answers)
  void page.show(h(TokenForm, { base: '/b', onOpen }))
  const submit = () => page.fire(page.get('form'), 'submit')
  return { ...page, asked, onOpen, submit }
}

describe('the form for a token', () => {
  it('asks nothing while there is nothing in it', async () => {
    const { get, enter, submit, asked } = openForm(new Response())
    expect(get('button').disabled).toBe(true)
    await enter('input', '   ')
    expect(get('button').disabled).toBe(true)
    expect((await submit()).isPrevented).toBe(true)
    expect(asked).toEqual([])
  })

  it('sends the token, without blanks around it, and tells that the session is open', async () => {
    const { enter, submit, asked, onOpen, has } = openForm(new Response())
    await enter('input', ' se"cret ')
    await submit()
    expect(asked).toEqual([{ url: '/b/api/v0/session', body: { token: 'se"cret' } }])
    expect(onOpen).toHaveBeenCalledOnce()
    expect(has('[role=alert]')).toBe(false)
  })

  it('keeps what is typed out of sight', () => {
    expect(openForm(new Response()).get('input').getAttribute('type')).toBe('password')
  })

  it.each([
    [new Response('', { status: 401 }), 'The server does not know this token.'],
    [new Response('', { status: 403 }), 'The server does not know this token.'],
    [Response.json({ error: 'too often' }, { status: 429 }), 'too often'],
    [new Response('<html>', { status: 502 }), 'The server answered 502.'],
    [new TypeError('fetch failed'), 'The server does not answer.'],
  ])('says what is wrong: %s', async (answer, words) => {
    const { enter, submit, onOpen, get } = openForm(answer)
    await enter('input', 'x')
    await submit()
    expect(get('[role=alert]').textContent).toBe(words)
    expect(get('input').getAttribute('aria-invalid')).toBe('true')
    expect(onOpen).not.toHaveBeenCalled()
    expect(get('button').disabled).toBe(false)
  })

  it('takes the complaint back when the next token is good', async () => {
    const { enter, submit, has, onOpen } = openForm(new Response('', { status: 401 }), new Response())
    await enter('input', 'x')
    await submit()
    await submit()
    expect(has('[role=alert]')).toBe(false)
    expect(onOpen).toHaveBeenCalledOnce()
  })
})

describe('a token in the address', () => {
  it('goes from it before it is sent', async () => {
    openPage('http://host/b/player/bafy?x=1#token=a%2Bb%26c')
    let shown: unknown
    vi.stubGlobal('fetch', async (_url: string, { body }: RequestInit) => {
      shown = [vi.mocked(history.replaceState).mock.calls, body]
      return new Response()
    })
    expect(await openSessionFromFragment('/b')).toBe(true)
    expect(shown).toEqual([[[null, '', '/b/player/bafy?x=1']], '{"token":"a+b&c"}'])
  })

  it.each(['', '#', '#token=', '#connection=abc', '#nottoken=x'])('is none in %j, which stays', async (hash) => {
    openPage(`http://host/${hash}`)
    const asked = answering(new Response())
    expect(await openSessionFromFragment('')).toBe(false)
    expect(asked).toEqual([])
    expect(history.replaceState).not.toHaveBeenCalled()
  })

  it('does no harm where the server is gone', async () => {
    openPage('http://host/#token=x')
    answering(new TypeError('fetch failed'))
    expect(await openSessionFromFragment('')).toBe(true)
  })
})

describe('a button that copies', () => {
  function openButton(text: string) {
    const page = openPage()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    void page.show(h(CopyButton, { text, label: 'CID' }))
    return page
  }
  const hostile = 'bafy/\u202Egpj.exe'

  it('gives the text itself, however it is shown, and says for a while that it did', async () => {
    const writeText = vi.fn(async () => undefined)
    vi.stubGlobal('navigator', { clipboard: { writeText } })
    const { click, text, pass } = openButton(hostile)
    await click('button')
    expect(writeText).toHaveBeenCalledWith(hostile)
    expect(text()).toBe('Copied')
    await pass(1799)
    expect(text()).toBe('Copied')
    await pass(1)
    expect(text()).toBe('CID')
  })

  it.each([
    [true, 'Copied'],
    [false, 'Not allowed'],
  ])('goes the old way where there is no clipboard (%s), and leaves nothing behind', async (isDone, words) => {
    vi.stubGlobal('navigator', {})
    const { click, get, document, all } = openButton(hostile)
    let copied: unknown
    document.execCommand = () => {
      copied = all('textarea').map(({ value }) => value)
      return isDone
    }
    await click('button')
    expect(copied).toEqual([hostile])
    expect(get('button').textContent).toBe(words)
    expect(all('textarea')).toEqual([])
  })
})
