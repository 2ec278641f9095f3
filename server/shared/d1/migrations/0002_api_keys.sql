-- API keys of backends. Nothing here from which a key could be rebuilt: of its secret there is only the hash.
CREATE TABLE api_keys (
  key_id TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  -- What people call it.
  name TEXT NOT NULL,
  -- With a space between.
  scopes TEXT NOT NULL,
  -- SHA-256 of the secret, hex. No slow hash: the secret is 32 random bytes, which nobody finds by trying.
  hash TEXT NOT NULL,
  -- Times in ms since 1970. A key that expires is good until then, one that is revoked no more from then on.
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  -- The key that a rotation made in place of this one.
  replaced_by TEXT
) WITHOUT ROWID;
