-- Frames by all that decides what they look like. Kept when their job is deleted: what is written stays written.
CREATE TABLE reusable_frames (
  key TEXT PRIMARY KEY,
  sha TEXT NOT NULL,
  size INTEGER NOT NULL,
  path TEXT NOT NULL,
  job_uuid TEXT NOT NULL,
  task_uuid TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX reusable_frames_by_age ON reusable_frames (created_at);

-- Whose frame was taken instead of rendering it again.
ALTER TABLE attempt_frames ADD COLUMN reused_job TEXT;
ALTER TABLE attempt_frames ADD COLUMN reused_task TEXT;
