-- Every reading that a store holds, a JSON object a line, as the service exports them (lab/vitals/export.py); the last line says how
-- many there are. All of it is of one snapshot: a reader sees by that line that nothing was cut off.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL statement_timeout = '40s'; -- nobody waits for it longer
COPY (
  SELECT format('{"resourceType":"Bundle","id":"%s","identifier":{"value":%s},"patient":%s,"seq":%s,"digest":"%s","stored":%s}',
                ack, to_json(key), to_json(patient), seq, encode(sha256(body), 'hex'), stored)
  FROM upload ORDER BY ack
) TO STDOUT WITH (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02', ESCAPE E'\x01'); -- characters that JSON has escaped only
SELECT format('{"count": %s, "last_ack": %s}', count(*), coalesce(max(ack)::text, 'null')) FROM upload;
COMMIT;
