// What others wrote (names, paths, error texts) is shown as plain text: escaped by preact, and here without what hides, turns the
// direction of reading, or leaves its line. Only what is seen changes; what is sent back to the server is what it said.
/** As the terminal has it. */
export const plainText = (text: string): string =>
  /^[\t\n\x20-\x7e]*$/.test(text)
    ? text
    : text
        .replaceAll(/[\p{Zl}\p{Zp}]/gu, ' ')
        .replaceAll(/(?:[^\P{Cc}\t\n]|[\p{Cf}\p{Co}\p{Cs}])+/gu, '\ufffd')
        .replaceAll(/(\p{M}{2})\p{M}+/gu, '$1')

/** Attributes that are shown or read out. */
const shown = ['title', 'aria-label', 'alt', 'placeholder'] as const

/** Of a node that preact is about to draw; the props of a text are the text itself. */
export function makePlain(vnode: { type: unknown; props: unknown }): void {
  if (typeof vnode.props === 'string') vnode.props = plainText(vnode.props)
  else if (typeof vnode.type === 'string') {
    const props = vnode.props as Record<string, unknown>
    for (const name of shown) if (typeof props[name] === 'string') props[name] = plainText(props[name])
  }
}
