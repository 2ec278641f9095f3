-- What people look for in the list: what a session is called, who was there, what is missing of it, what R2 lacks.
ALTER TABLE sessions ADD COLUMN title TEXT;
-- A JSON list of names.
ALTER TABLE sessions ADD COLUMN people TEXT NOT NULL DEFAULT '[]';
-- Title and names as `q` compares them: NFKC, in lower case, a line each. The id is compared where it stands.
ALTER TABLE sessions ADD COLUMN search TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN missing_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN overdue_seconds INTEGER NOT NULL DEFAULT 0;

-- Of sessions that rooms wrote down before: all that is known is how much of them there is.
UPDATE sessions SET missing_seconds = max(1, CAST(round(kept_seconds / coverage) AS INTEGER) - kept_seconds)
  WHERE coverage < 1 AND coverage > 0;
UPDATE sessions SET missing_seconds = max(1, duration_ms / 1000) WHERE coverage = 0;
