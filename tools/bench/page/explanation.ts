/** What the time goes into, and what was tried where a goal is missed: the part of the page that people write. */
export const EXPLANATION = `## What the time goes into

TODO`;
