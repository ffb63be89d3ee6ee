import { h } from 'preact'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { upload } from '../../../../../src/web/home/upload.ts'
import { UploadCard } from '../../../../../src/web/home/upload-card.tsx'
import { dispatch, openPage } from '../small-document.ts'

/** A request that a test answers. */
class FakeRequest extends EventTarget {
  static all: FakeRequest[] = []
  readonly upload = new EventTarget()
  status = 0
  responseText = ''
  opened: readonly string[] = []
  sent: FormData | undefined

  constructor() {
    super()
    FakeRequest.all.push(this)
  }

  open(...opened: string[]) {
    this.opened = opened
  }

  send(form: FormData) {
    this.sent = form
  }

  abort() {
    this.dispatchEvent(new Event('abort'))
  }

  progress(loaded: number, total: number) {
    this.upload.dispatchEvent(Object.assign(new Event('progress'), { loaded, total }))
  }

  answer(status: number, body: unknown) {
    this.status = status
    this.responseText = typeof body === 'string' ? body : JSON.stringify(body)
    this.dispatchEvent(new Event('load'))
  }
}

function fakeRequests() {
  FakeRequest.all = []
  vi.stubGlobal('XMLHttpRequest', FakeRequest)
  return { request: () => FakeRequest.all.at(-1)!, count: () => FakeRequest.all.length }
}

const cid = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
const film = (name = 'film.mp4', size = 4) => new File(['x'.repeat(size)], name)

describe('an upload', () => {
  beforeEach(() => void openPage())

  it('sends all files by their names in one form, and tells how far it is', async () => {
    const { request } = fakeRequests()
    const told: unknown[] = []
    const { done } = upload('/b', [film('a"b\r\n.mp4'), film()], (...progress) => told.push(progress))
    expect(request().opened).toEqual(['POST', '/b/api/v0/ipfs/add'])
    expect(
      request()
        .sent?.getAll('file')
        .map((file) => (file as File).name),
    ).toEqual(['a"b\r\n.mp4', 'film.mp4'])
    request().progress(3, 8)
    request().answer(200, { cid, content_size_bytes: 8 })
    expect(await done).toEqual({ cid, sizeBytes: 8 })
    expect(told).toEqual([[3, 8]])
  })

  it.each([
    [201, { cid, content_size_bytes: 'many' }, { cid, sizeBytes: 0 }],
    [200, { cid: 7 }, { status: 200, error: { message: 'The server answered without a CID.' } }],
    [200, 'null', { status: 200, error: { message: 'The server answered without a CID.' } }],
    [200, '<html>', { status: 200, error: { message: 'The server answered without a CID.' } }],
    [
      413,
      { error: 'too large', code: 'TOO_LARGE' },
      { status: 413, error: { code: 'TOO_LARGE', message: 'too large' } },
    ],
    [502, '<html>', { status: 502, error: {} }],
  ])('that is answered with %i %j is %j', async (status, body, result) => {
    const { request } = fakeRequests()
    const { done } = upload('', [film()], () => undefined)
    request().answer(status, body)
    expect(await done).toEqual(result)
  })

  it('ends when it is cancelled, and when the server goes', async () => {
    const { request } = fakeRequests()
    const cancelled = upload('', [film()], () => undefined)
    cancelled.cancel()
    expect(await cancelled.done).toEqual({ status: 0, error: { message: 'Cancelled.' } })
    const lost = upload('', [film()], () => undefined)
    request().dispatchEvent(new Event('error'))
    expect(await lost.done).toEqual({ status: 0, error: { message: 'The server does not answer.' } })
  })
})

describe('the place for files', () => {
  function openCard() {
    const page = openPage('http://host/b/')
    const requests = fakeRequests()
    const told = { onAdded: vi.fn(), onTokenNeeded: vi.fn() }
    void page.show(h(UploadCard, { base: '/b', ...told }))
    const drop = (files: readonly File[], types = ['Files']) =>
      page.fire(page.window, 'drop', { dataTransfer: { files, types } })
    return { ...page, ...requests, ...told, drop }
  }

  it('takes a file that is dropped anywhere, shows how far it is, and then how to watch it', async () => {
    const { drop, request, text, get, settle, onAdded, stored } = openCard()
    expect((await drop([film('film.mp4', 2_500_000)])).isPrevented).toBe(true)
    request().progress(999_960, 2_500_000)
    await settle()
    expect(text()).toContain('1.0 MB of 2.5 MB')
    request().progress(2_500_000, 2_500_000)
    await settle()
    expect(text()).toContain('Computing the CID…')
    request().answer(200, { cid })
    await settle()
    expect(get('a.primary').getAttribute('href')).toBe(`/b/player/${cid}`)
    expect(get('code').textContent).toBe(cid)
    expect(onAdded).toHaveBeenCalledOnce()
    expect(JSON.parse(stored.get('mcpx.recent')!)).toMatchObject([{ content: cid, name: 'film.mp4' }])
  })

  it('is marked while a file is over the page, and not while something else is', async () => {
    const { window, fire, has } = openCard()
    const over = (types: string[]) => fire(window, 'dragover', { dataTransfer: { types } })
    expect((await over(['text/plain'])).isPrevented).toBe(false)
    expect(has('.is-over')).toBe(false)
    expect((await over(['Files'])).isPrevented).toBe(true)
    expect(has('.is-over')).toBe(true)
    await fire(window, 'dragleave', { relatedTarget: {} })
    expect(has('.is-over')).toBe(true)
    await fire(window, 'dragleave', { relatedTarget: null })
    expect(has('.is-over')).toBe(false)
  })

  it('takes one lot of files at a time, and nothing where there is none', async () => {
    const { drop, count, text } = openCard()
    await drop([])
    expect(count()).toBe(0)
    await drop([film(), film('b')])
    await drop([film()])
    expect(count()).toBe(1)
    expect(text()).toContain('2 files')
  })

  it('asks for a token where the server does, and can be used again', async () => {
    const { drop, request, settle, get, click, has, onTokenNeeded, stored } = openCard()
    await drop([film()])
    request().answer(401, {})
    await settle()
    expect(onTokenNeeded).toHaveBeenCalledOnce()
    expect(get('.problem').textContent).toBe('The server answered 401.')
    expect(stored.size).toBe(0)
    await click('button', 'Try again')
    expect(has('.problem')).toBe(false)
    await drop([film()])
    await click('button', 'Cancel')
    expect(get('.problem').textContent).toBe('Cancelled.')
  })

  it('opens the choice of files, and takes the same file twice', async () => {
    const { get, click, fire, count, request, settle } = openCard()
    const picker = get('input')
    const opened = vi.fn()
    picker.addEventListener('click', opened)
    await click('button.drop')
    expect(opened).toHaveBeenCalledOnce()
    await fire(Object.assign(picker, { files: [film()], value: 'C:\\film.mp4' }), 'change')
    expect([count(), picker.value]).toEqual([1, ''])
    request().answer(200, { cid })
    await settle()
    await click('button', 'Add another')
    await fire(picker, 'change')
    expect(count()).toBe(2)
  })

  it('listens to the page no longer than it is there', async () => {
    const { show, window, count } = openCard()
    await show(null)
    dispatch(window, 'drop', { dataTransfer: { files: [film()] } })
    expect(count()).toBe(0)
  })
})
