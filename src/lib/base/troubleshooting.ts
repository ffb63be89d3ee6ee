// Where messages send who wants to know more: headings of docs/troubleshooting.md, which goes along with the package.

export type Trouble =
  | 'metrics-do-not-appear-in-prometheus'
  | 'no-reports-or-dashboards-are-written'
  | 'no-connections-are-listed'
  | 'the-server-uses-much-cpu'
  | 'the-server-is-full'
  | 'the-dashboard-says-that-the-monitor-is-off'
  | 'a-stream-cannot-be-opened-closed-or-changed'
  | 'it-does-not-play'

export const see = (trouble: Trouble): string => `See docs/troubleshooting.md#${trouble}`
