-- Whether a person kept the worker off: such a block is no sign of trouble, and only a person takes it back.
ALTER TABLE job_blocks ADD COLUMN by_person INTEGER NOT NULL DEFAULT 0;
