// As much of a document as preact and the views need, where there is no browser: a tree of elements, events that rise in it, the
// focus, and simple selectors. What only a browser can tell (layout, colours, playing) is not here: see test/e2e.
import type { ComponentChild } from 'preact'
import { render } from 'preact'
import { act } from 'preact/test-utils'
import { onTestFinished, vi } from 'vitest'

type Listener = (event: SmallEvent) => void

interface SmallEvent {
  readonly type: string
  target: SmallNode
  currentTarget: SmallNode
  isPrevented: boolean
  isStopped: boolean
  preventDefault(): void
  stopPropagation(): void
  readonly [field: string]: unknown
}

/** Hears and passes on events as nodes, documents and windows do. */
class SmallTarget {
  readonly heard = new Map<string, Set<Listener>>()
  parentNode: SmallNode | null = null

  addEventListener(type: string, listener: Listener): void {
    this.heard.set(type, (this.heard.get(type) ?? new Set()).add(listener))
  }

  removeEventListener(type: string, listener: Listener): void {
    this.heard.get(type)?.delete(listener)
  }
}

export class SmallNode extends SmallTarget {
  readonly nodeType: number
  data = ''
  childNodes: SmallNode[] = []

  constructor(nodeType: number) {
    super()
    this.nodeType = nodeType
  }

  get firstChild(): SmallNode | null {
    return this.childNodes[0] ?? null
  }

  get nextSibling(): SmallNode | null {
    const siblings = this.parentNode?.childNodes ?? []
    return siblings[siblings.indexOf(this) + 1] ?? null
  }

  insertBefore(node: SmallNode, before: SmallNode | null): SmallNode {
    node.remove()
    const at = before ? this.childNodes.indexOf(before) : this.childNodes.length
    this.childNodes.splice(at, 0, node)
    node.parentNode = this
    return node
  }

  append(node: SmallNode): void {
    this.insertBefore(node, null)
  }

  remove(): void {
    const siblings = this.parentNode?.childNodes
    siblings?.splice(siblings.indexOf(this), 1)
    this.parentNode = null
  }

  contains(node: SmallNode | null): boolean {
    return node === this || this.childNodes.some((child) => child.contains(node))
  }

  get textContent(): string {
    return this.nodeType === 3 ? this.data : this.childNodes.map((child) => child.textContent).join('')
  }

  set textContent(text: string) {
    this.childNodes = []
    if (text) this.append(textNode(text))
  }
}

function textNode(text: string): SmallNode {
  const node = new SmallNode(3)
  node.data = text
  return node
}

export class SmallElement extends SmallNode {
  readonly localName: string
  readonly namespaceURI: string
  readonly attributes = new Map<string, string>()
  readonly style = { cssText: '', setProperty: (name: string, value: string) => this.styles.set(name, value) }
  readonly styles = new Map<string, string>()
  value = ''
  checked = false
  disabled = false
  isOpen = false

  constructor(namespaceURI: string, localName: string) {
    super(1)
    this.namespaceURI = namespaceURI
    this.localName = localName
  }

  setAttribute(name: string, value: unknown): void {
    this.attributes.set(name.toLowerCase(), String(value))
  }

  removeAttribute(name: string): void {
    this.attributes.delete(name.toLowerCase())
  }

  getAttribute(name: string): string | null {
    return this.attributes.get(name.toLowerCase()) ?? null
  }

  matches(selectors: string): boolean {
    return selectors.split(/,(?![^(]*\))/).some((selector) => matchesPath(this, selector.trim().split(' ')))
  }

  querySelectorAll(selectors: string): SmallElement[] {
    return elementsIn(this).filter((element) => element.matches(selectors))
  }

  querySelector(selectors: string): SmallElement | null {
    return this.querySelectorAll(selectors)[0] ?? null
  }

  focus(): void {
    ;(document as unknown as SmallDocument).activeElement = this
  }

  click(): void {
    dispatch(this, 'click')
  }

  select(): void {}

  showModal(): void {
    this.isOpen = true
  }

  close(): void {
    this.isOpen = false
    dispatch(this, 'close', { bubbles: false })
  }
}

/** The last is the element's own, those before are of what it is in. */
function matchesPath(element: SmallElement, path: readonly string[]): boolean {
  if (!matchesOne(element, path.at(-1)!)) return false
  const rest = path.slice(0, -1)
  if (rest.length === 0) return true
  for (let node = element.parentNode; node instanceof SmallElement; node = node.parentNode)
    if (matchesPath(node, rest)) return true
  return false
}

/** A name, classes, attributes and `:not(…)`. */
function matchesOne(element: SmallElement, selector: string): boolean {
  const parts = selector.match(/:not\([^)]*\)|\[[^\]]*\]|\.[\w-]+|#[\w-]+|[\w-]+/g) ?? []
  return parts.every((part) => {
    if (part.startsWith(':not(')) return !element.matches(part.slice(5, -1))
    if (part.startsWith('.')) return (element.getAttribute('class') ?? '').split(' ').includes(part.slice(1))
    if (part.startsWith('#')) return element.getAttribute('id') === part.slice(1)
    if (!part.startsWith('[')) return element.localName === part
    const [name, value] = part.slice(1, -1).split('=')
    const has = element.getAttribute(name!)
    return value === undefined ? has !== null : has === value.replaceAll('"', '')
  })
}

function elementsIn(node: SmallNode): SmallElement[] {
  return node.childNodes.flatMap((child) => (child instanceof SmallElement ? [child, ...elementsIn(child)] : []))
}

class SmallDocument extends SmallTarget {
  readonly body = new SmallElement('http://www.w3.org/1999/xhtml', 'body')
  readonly documentElement = new SmallElement('http://www.w3.org/1999/xhtml', 'html')
  activeElement: SmallElement | null = null
  title = ''
  hidden = false
  pictureInPictureEnabled = false
  fullscreenEnabled = false
  execCommand = (_command: string): boolean => false

  createElementNS = (namespace: string, name: string) => new SmallElement(namespace, name)
  createElement = (name: string) => new SmallElement('http://www.w3.org/1999/xhtml', name)
  createTextNode = textNode
  getElementById = (id: string) => this.body.querySelector(`#${id}`)
}

/** Tells `target`, and, as most events rise, all that it is in, the document at last. */
export function dispatch(target: SmallTarget, type: string, fields: Record<string, unknown> = {}): SmallEvent {
  const event: SmallEvent = {
    type,
    target: target as SmallNode,
    currentTarget: target as SmallNode,
    isPrevented: false,
    isStopped: false,
    preventDefault: () => Object.assign(event, { isPrevented: true }),
    stopPropagation: () => Object.assign(event, { isStopped: true }),
    ...fields,
  }
  const path: SmallTarget[] = []
  for (let node: SmallTarget | null = target; node; node = node.parentNode) path.push(node)
  if (path.at(-1) === (document as unknown as SmallDocument).body) path.push(document as unknown as SmallTarget)
  for (const node of fields.bubbles === false ? [target] : path) {
    event.currentTarget = node as SmallNode
    for (const listener of [...(node.heard.get(type) ?? [])]) listener.call(node, event)
    if (event.isStopped) break
  }
  return event
}

const answers = () => new Promise<void>((go) => setImmediate(go))

export type Page = ReturnType<typeof openPage>

/** For one test: a document, an address, and a storage that is empty. */
export function openPage(address = 'http://host/') {
  const small = new SmallDocument()
  const stored = new Map<string, string>()
  const window = new SmallTarget()
  vi.stubGlobal('document', small)
  vi.stubGlobal('location', Object.assign(new URL(address), { assign: vi.fn() }))
  vi.stubGlobal('history', { replaceState: vi.fn() })
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener() {}, removeEventListener() {} }))
  vi.stubGlobal('HTMLVideoElement', class {})
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window))
  vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window))
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => stored.set(name, value),
    removeItem: (name: string) => stored.delete(name),
  })
  const { body } = small
  /** Draws anew what is there. */
  const show = (view: ComponentChild) => act(() => render(view, body as unknown as Element))
  const all = (selectors: string) => body.querySelectorAll(selectors)
  const nameOf = (element: SmallElement) => element.getAttribute('aria-label') ?? element.textContent.trim()
  /** The one element that fits, with this name or text where one is given. */
  function get(selectors: string, name?: string | RegExp): SmallElement {
    const found = all(selectors).filter(
      (one) => name === undefined || (typeof name === 'string' ? nameOf(one) === name : name.test(nameOf(one))),
    )
    if (found.length !== 1) throw new Error(`${found.length} of ${selectors} ${name ?? ''} in ${body.textContent}`)
    return found[0]!
  }
  /** All that is answered by now is shown. */
  const settle = () => act(answers)
  const fire = async (target: SmallTarget, type: string, fields: Record<string, unknown> = {}) => {
    let event: SmallEvent | undefined
    await act(async () => {
      event = dispatch(target, type, fields)
      await answers()
    })
    await settle()
    return event!
  }
  onTestFinished(async () => {
    await show(null)
    vi.unstubAllGlobals()
  })
  return {
    document: small,
    window,
    stored,
    show,
    all,
    get,
    has: (selectors: string) => all(selectors).length > 0,
    texts: (selectors: string) => all(selectors).map((one) => one.textContent),
    text: () => body.textContent,
    fire,
    click: (selectors: string, name?: string | RegExp) => fire(get(selectors, name), 'click'),
    /** Writes into a field, or chooses. */
    enter: (selectors: string, value: string, type = 'input') => fire(Object.assign(get(selectors), { value }), type),
    settle,
    pass: (ms: number) => act(async () => void (await vi.advanceTimersByTimeAsync(ms))),
  }
}
