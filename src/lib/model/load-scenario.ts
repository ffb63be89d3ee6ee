// What the viewers of a load test do, as a person names it.

export const loadScenarios = ['steady', 'random', 'flash-crowd', 'churn', 'soak'] as const
export type LoadScenario = (typeof loadScenarios)[number]
