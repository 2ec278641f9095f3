-- Which models a tenant prefers to those of the deployment: one row for each kind (stt, tts), names with a blank between.
CREATE TABLE model_preferences (
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  models TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, kind)
);
