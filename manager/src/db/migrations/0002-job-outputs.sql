-- Files that tasks have made and whose bytes are, or were, in the store under this digest.
CREATE TABLE job_outputs (
  job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  sha TEXT NOT NULL,
  size INTEGER NOT NULL,
  frame INTEGER,
  task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (job_id, path)
) WITHOUT ROWID;
CREATE INDEX job_outputs_of_task ON job_outputs (task_id);
