-- When a finished job's input was given up. Its history stays; it cannot be run again.
ALTER TABLE jobs ADD COLUMN archived_at INTEGER;
