-- Areas that are switched off by hand. A row is an area that is off.
CREATE TABLE switches (
  name TEXT PRIMARY KEY,
  off_since INTEGER NOT NULL
);
