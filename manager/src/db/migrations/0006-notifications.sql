-- What people want to hear of, in order; the oldest go when there are many.
CREATE TABLE notifications (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT '',
  job_uuid TEXT,
  worker_uuid TEXT
);

-- How far each webhook of the configuration has got, by its name there.
CREATE TABLE webhooks (
  name TEXT PRIMARY KEY,
  last_id INTEGER NOT NULL,
  failures INTEGER NOT NULL DEFAULT 0,
  failing_since INTEGER,
  next_at INTEGER NOT NULL DEFAULT 0,
  problem TEXT
) WITHOUT ROWID;
