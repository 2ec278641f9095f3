/** Why settings can't be taken. */
export type ConfigureRefusal =
  | "metadata_too_large"
  | "session_not_found"
  | "session_exists"
  | "settings_sealed"
  | "resolve_started";
