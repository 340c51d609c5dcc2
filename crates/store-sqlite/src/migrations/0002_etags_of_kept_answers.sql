-- What is answered again carries the tag that it carried the first time.
ALTER TABLE kept_answers ADD COLUMN etag TEXT;
