-- The index of sessions: a copy to list from. Each session's room is the truth, and keeps its row up to date.
CREATE TABLE sessions (
  tenant TEXT NOT NULL,
  session_id TEXT NOT NULL,
  status TEXT NOT NULL,
  -- Times in ms since 1970.
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  finalized_at INTEGER,
  tracks INTEGER NOT NULL,
  kept_seconds INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  coverage REAL NOT NULL,
  -- Counts the room's writes: one that was overtaken on its way changes nothing.
  revision INTEGER NOT NULL,
  PRIMARY KEY (tenant, session_id)
) WITHOUT ROWID;

CREATE INDEX sessions_by_time ON sessions (tenant, created_at DESC, session_id DESC);

CREATE INDEX sessions_by_status ON sessions (tenant, status, created_at DESC, session_id DESC);
