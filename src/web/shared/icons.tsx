// The icons, drawn on a 24-unit grid in the colour of the text around them.
const paths = {
  play: 'M8 5.5v13a.6.6 0 0 0 .92.5l10-6.5a.6.6 0 0 0 0-1l-10-6.5A.6.6 0 0 0 8 5.5z',
  pause: 'M7 5h3.2v14H7zM13.8 5H17v14h-3.2z',
  replay: 'M12 5V1.8L7 6.2l5 4.3V7.2a5.4 5.4 0 1 1-5.4 5.4H4.4A7.6 7.6 0 1 0 12 5z',
  volume:
    'M4 9.2v5.6h3.6l4.9 4.4V4.8L7.6 9.2zM15 8.4v7.2a4 4 0 0 0 0-7.2zM15 4.4v2.2a5.8 5.8 0 0 1 0 10.8v2.2a7.9 7.9 0 0 0 0-15.2z',
  muted:
    'M4 9.2v5.6h3.6l4.9 4.4V4.8L7.6 9.2zM21 9.9 19.6 8.5 17.5 10.6 15.4 8.5 14 9.9l2.1 2.1-2.1 2.1 1.4 1.4 2.1-2.1 2.1 2.1 1.4-1.4-2.1-2.1z',
  loop: 'M7 7h9.2v2.8L20.5 6l-4.3-3.8V5H5v6.2h2zm10 10H7.8v-2.8L3.5 18l4.3 3.8V19H19v-6.2h-2z',
  settings:
    'M19.4 13a7.6 7.6 0 0 0 0-2l2-1.6-2-3.4-2.4 1a7.6 7.6 0 0 0-1.7-1L15 3.4h-4l-.4 2.6a7.6 7.6 0 0 0-1.7 1l-2.4-1-2 3.4L6.6 11a7.6 7.6 0 0 0 0 2l-2 1.6 2 3.4 2.4-1a7.6 7.6 0 0 0 1.7 1l.4 2.6h4l.4-2.6a7.6 7.6 0 0 0 1.7-1l2.4 1 2-3.4zM13 15.2a3.2 3.2 0 1 1 0-6.4 3.2 3.2 0 0 1 0 6.4z',
  fullscreen: 'M5 5h5.5v2H7v3.5H5zM13.5 5H19v5.5h-2V7h-3.5zM5 13.5h2V17h3.5v2H5zM17 13.5h2V19h-5.5v-2H17z',
  exitFullscreen: 'M8.5 5h2v5.5H5v-2h3.5zM13.5 5h2v3.5H19v2h-5.5zM5 13.5h5.5V19h-2v-3.5H5zM13.5 13.5H19v2h-3.5V19h-2z',
  pip: 'M3 5h18v14H3zm2 2v10h14V7zm6 4.5h7V16h-7z',
  stats: 'M4 19V12h3.4v7zM10.3 19V5h3.4v14zM16.6 19V9H20v10z',
  help: 'M11 16.8h2.2V19H11zM12.1 5a4 4 0 0 0-4.2 4h2.2a1.9 1.9 0 0 1 2-1.9c1.1 0 2 .7 2 1.8 0 1.8-3 1.9-3 5h2.1c0-2.1 3.1-2.3 3.1-5A4 4 0 0 0 12.1 5z',
  home: 'M12 4 3.5 11h2V19h5v-5h3v5h5v-8h2z',
  check: 'M9.4 17.4 4.6 12.6l1.5-1.5 3.3 3.3 8.5-8.5 1.5 1.5z',
  copy: 'M8 4h11v12h-2.2V6.2H8zM4 8h11v12H4z',
  upload: 'M12 4l5.5 5.5-1.6 1.6-2.8-2.8V15.5h-2.2V8.3l-2.8 2.8-1.6-1.6zM5 17.8h14V20H5z',
  close: 'M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12 19 17.6 17.6 19 12 13.4 6.4 19 5 17.6 10.6 12 5 6.4z',
  warning: 'M12 3.5 1.8 20.5h20.4zM11 10h2v5h-2zm0 6.4h2v2h-2z',
  offline: 'M2.6 4 4 2.6 21.4 20 20 21.4l-4.6-4.6H7a5 5 0 0 1-.9-9.9zM10 5.6A6 6 0 0 1 17.4 10a3.9 3.9 0 0 1 2.6 6z',
  key: 'M8 7a5 5 0 1 0 4.6 7H15v3h3v-3h3v-4h-8.4A5 5 0 0 0 8 7zm0 3.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6z',
  list: 'M4 6h2.4v2.4H4zM8.4 6H20v2.4H8.4zM4 10.8h2.4v2.4H4zM8.4 10.8H20v2.4H8.4zM4 15.6h2.4V18H4zM8.4 15.6H20V18H8.4z',
  film: 'M3 5h18v14H3zm2 2v2h2V7zm0 4v2h2v-2zm0 4v2h2v-2zm12-8v2h2V7zm0 4v2h2v-2zm0 4v2h2v-2zM9 7v4.2h6V7zm0 6v4h6v-4z',
} as const

export type IconName = keyof typeof paths

export function Icon({ name, size = 22 }: { name: IconName; size?: number }) {
  return (
    <svg viewBox="0 0 24 24" width={size} height={size} fill="currentColor" fill-rule="evenodd" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}

/** The product's mark. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden="true" class="mark">
      <rect width="32" height="32" rx="9" />
      <path d="M12 9.5v13l11-6.5z" />
    </svg>
  )
}
