-- What each worker found when it last looked itself over.
CREATE TABLE worker_doctor (
  worker_id INTEGER PRIMARY KEY REFERENCES workers (id) ON DELETE CASCADE,
  report TEXT,
  -- Somebody wants a fresh one.
  requested_at INTEGER
);

-- Changes of the configuration as merge patches, forth and back; secrets are masked in both.
CREATE TABLE config_revisions (
  revision INTEGER PRIMARY KEY AUTOINCREMENT,
  created_at INTEGER NOT NULL,
  changed_by TEXT,
  patch TEXT NOT NULL,
  inverse TEXT NOT NULL,
  undone INTEGER NOT NULL DEFAULT 0,
  -- The change that this one takes back.
  undoes INTEGER
);
