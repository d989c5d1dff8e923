-- Times are milliseconds since 1970, UTC. Statuses are the API's words.

CREATE TABLE worker_tags (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

CREATE TABLE workers (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  secret TEXT NOT NULL,
  name TEXT NOT NULL,
  address TEXT NOT NULL DEFAULT '',
  platform TEXT NOT NULL DEFAULT '',
  software TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL DEFAULT 'offline',
  status_requested TEXT,
  status_request_is_lazy INTEGER NOT NULL DEFAULT 0,
  -- What a worker that was given up on goes back to when it is heard of again.
  status_before_error TEXT,
  task_types TEXT NOT NULL DEFAULT '[]',
  can_restart INTEGER NOT NULL DEFAULT 0,
  last_seen_at INTEGER,
  -- The highest sequence number of a task update that has been applied.
  update_seq INTEGER NOT NULL DEFAULT 0,
  deleted_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

CREATE TABLE worker_tag_membership (
  worker_id INTEGER NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
  tag_id INTEGER NOT NULL REFERENCES worker_tags (id) ON DELETE CASCADE,
  PRIMARY KEY (worker_id, tag_id)
) WITHOUT ROWID;

CREATE TABLE sleep_schedules (
  worker_id INTEGER PRIMARY KEY REFERENCES workers (id) ON DELETE CASCADE,
  is_active INTEGER NOT NULL,
  days_of_week TEXT NOT NULL,
  start_time TEXT NOT NULL,
  end_time TEXT NOT NULL,
  windows TEXT NOT NULL DEFAULT '[]',
  time_zone TEXT NOT NULL DEFAULT '',
  -- What the schedule asked for last: only a change is asked for again, so that a person's choice stands between.
  last_asked TEXT
);

-- The id is the submission order, which breaks ties of priority.
CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  job_type TEXT NOT NULL,
  priority INTEGER NOT NULL,
  status TEXT NOT NULL,
  activity TEXT NOT NULL DEFAULT '',
  settings TEXT NOT NULL DEFAULT '{}',
  metadata TEXT NOT NULL DEFAULT '{}',
  shaman_checkout_id TEXT NOT NULL DEFAULT '',
  worker_tag_id INTEGER REFERENCES worker_tags (id) ON DELETE SET NULL,
  steps_completed INTEGER NOT NULL DEFAULT 0,
  steps_total INTEGER NOT NULL DEFAULT 0,
  -- How many tasks are in each status; kept with every change of one.
  n_active INTEGER NOT NULL DEFAULT 0,
  n_canceled INTEGER NOT NULL DEFAULT 0,
  n_completed INTEGER NOT NULL DEFAULT 0,
  n_failed INTEGER NOT NULL DEFAULT 0,
  n_queued INTEGER NOT NULL DEFAULT 0,
  n_soft_failed INTEGER NOT NULL DEFAULT 0,
  n_paused INTEGER NOT NULL DEFAULT 0,
  delete_requested_at INTEGER,
  started_at INTEGER,
  finished_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX jobs_schedulable ON jobs (priority DESC, id)
  WHERE status IN ('active', 'queued') AND delete_requested_at IS NULL;
CREATE INDEX jobs_status ON jobs (status);
CREATE INDEX jobs_updated ON jobs (updated_at);
CREATE INDEX jobs_checkout ON jobs (shaman_checkout_id) WHERE shaman_checkout_id <> '';

CREATE TABLE tasks (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  index_in_job INTEGER NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  priority INTEGER NOT NULL,
  status TEXT NOT NULL,
  -- How many of the tasks it depends on are not completed yet.
  waits_for INTEGER NOT NULL DEFAULT 0,
  worker_id INTEGER REFERENCES workers (id) ON DELETE SET NULL,
  attempt_id INTEGER,
  activity TEXT NOT NULL DEFAULT '',
  steps_completed INTEGER NOT NULL DEFAULT 0,
  steps_total INTEGER NOT NULL DEFAULT 0,
  frames TEXT NOT NULL DEFAULT '',
  commands TEXT NOT NULL DEFAULT '[]',
  -- Bytes of the log file that count; what lies behind them was never acknowledged.
  log_size INTEGER NOT NULL DEFAULT 0,
  last_touched_at INTEGER,
  last_output_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (job_id, index_in_job)
);
-- The scheduler's queue: its cost must not depend on how many tasks wait.
CREATE INDEX tasks_ready ON tasks (job_id, type, priority DESC, index_in_job)
  WHERE waits_for = 0 AND status IN ('queued', 'soft-failed');
CREATE INDEX tasks_active ON tasks (worker_id) WHERE status = 'active';

CREATE TABLE task_dependencies (
  task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  dependency_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  PRIMARY KEY (task_id, dependency_id)
) WITHOUT ROWID;
CREATE INDEX task_dependents ON task_dependencies (dependency_id);

CREATE TABLE task_failures (
  task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  worker_id INTEGER NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (task_id, worker_id)
) WITHOUT ROWID;
CREATE INDEX task_failures_of_worker ON task_failures (worker_id);

CREATE TABLE job_blocks (
  job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  worker_id INTEGER NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
  task_type TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (job_id, worker_id, task_type)
) WITHOUT ROWID;
CREATE INDEX job_blocks_of_worker ON job_blocks (worker_id);

CREATE TABLE attempts (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL,
  job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  worker_id INTEGER REFERENCES workers (id) ON DELETE SET NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  outcome TEXT,
  reason TEXT,
  excerpt TEXT,
  log_start INTEGER NOT NULL,
  log_end INTEGER
);
CREATE INDEX attempts_of_task ON attempts (task_id);
CREATE INDEX attempts_of_job ON attempts (job_id);
CREATE INDEX attempts_of_worker ON attempts (worker_id, started_at);
CREATE INDEX attempts_failed ON attempts (ended_at) WHERE outcome IN ('failed', 'timed-out');

CREATE TABLE attempt_frames (
  attempt_id INTEGER NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
  frame INTEGER NOT NULL,
  job_id INTEGER NOT NULL,
  task_id INTEGER NOT NULL,
  status TEXT NOT NULL,
  duration_ms INTEGER,
  file TEXT,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (attempt_id, frame)
) WITHOUT ROWID;
CREATE INDEX attempt_frames_of_job ON attempt_frames (job_id, frame);

CREATE TABLE thumbnails (
  job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  frame INTEGER NOT NULL,
  sha TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (job_id, frame)
) WITHOUT ROWID;

CREATE TABLE last_rendered (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  updated_at INTEGER NOT NULL
);

CREATE TABLE attention_acknowledgements (
  item_id TEXT PRIMARY KEY,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
