/** Names of the protocol as patterns; `names.ts` has them as schemas. Knows no schema, so that a page need not load one for it. */
export const tenantPattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
export const sessionIdPattern = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;
export const trackNamePattern = /^[a-z0-9][a-z0-9_-]{0,31}$/;

export const defaultTenant = "default";
export const defaultTrack = "mixed";
