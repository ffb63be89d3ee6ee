// The one door from what the server says to what is on the page.
import { options, type VNode } from 'preact'
import { makePlain } from './plain-text.ts'

/** From now on every text that preact draws is plain. */
export function drawPlainText(): void {
  const before = options.vnode
  options.vnode = (vnode: VNode) => {
    makePlain(vnode as unknown as { type: unknown; props: unknown })
    before?.(vnode)
  }
}
