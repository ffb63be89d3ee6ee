// How one who watches stands to what is watched: a server, or a recorded stretch.

export type WatchLink =
  /** Nothing was heard yet. */
  | { readonly kind: 'connecting' }
  /** Told as it happens. */
  | { readonly kind: 'live' }
  /** The server gives no WebSocket: asked again and again. */
  | { readonly kind: 'polling'; readonly everyMs: number }
  /** Lost, and asked for again; what was heard last is what is shown. */
  | { readonly kind: 'gone'; readonly sinceMs: number; readonly reason: string }
  /** `isOver` at the end of the stretch. */
  | { readonly kind: 'replay'; readonly speed: number; readonly isPaused: boolean; readonly isOver: boolean }
