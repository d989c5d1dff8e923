-- The picture a frame had before its present one, to compare the two.
ALTER TABLE thumbnails ADD COLUMN previous_sha TEXT;

-- A job's newest picture, of whichever frame and even if nobody said of which.
CREATE TABLE newest_thumbnails (
  job_id INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
  sha TEXT NOT NULL
);
INSERT INTO newest_thumbnails
  SELECT job_id, sha FROM (SELECT job_id, sha, max(created_at) FROM thumbnails GROUP BY job_id);
