// Straight to an engine of this process: there is no token to show, no certificate to trust and nobody who could be gone.
import type { Quality } from '../model/quality.ts'
import type { Door } from './door.ts'

interface OpenRequest {
  readonly content: string
  readonly owner: string
  readonly quality?: Quality
  readonly loop?: boolean
  readonly signal?: AbortSignal
}

/** The calls of an engine that a viewer needs. */
export interface OpenableEngine<S extends { readonly id: string }> {
  open(request: OpenRequest): Promise<S>
  acceptOffer(streamId: string, sdp: string): Promise<{ readonly sdp: string }>
  close(streamId: string): Promise<void>
}

interface EngineDoorOptions extends Pick<OpenRequest, 'owner' | 'loop' | 'signal'> {
  /** Called as soon as there is a stream. */
  onOpen?(streamId: string): void
}

/** `opened` has the stream and the answer once `open` has resolved. What could not be connected is closed. */
export function engineDoor<S extends { readonly id: string }>(
  engine: OpenableEngine<S>,
  { onOpen, ...asked }: EngineDoorOptions,
) {
  let opened: { readonly stream: S; readonly answer: string } | undefined
  const door: Door = {
    async open({ content, quality }, offer) {
      const stream = await engine.open({ ...asked, content, ...(quality && { quality }) })
      const close = () => engine.close(stream.id)
      onOpen?.(stream.id)
      try {
        const { sdp: answer } = await engine.acceptOffer(stream.id, offer)
        opened = { stream, answer }
        return { answer, close }
      } catch (error) {
        await close().catch(() => {})
        throw error
      }
    },
    watch: () => () => {},
  }
  return { door, opened: () => opened! }
}
