#include "common/shared/schema.h"

#include <array>

#include <fmt/format.h>

#include "common/base/assert.h"

namespace twinzone::shared {

namespace {

constexpr std::string_view kTables = R"sql(
CREATE TABLE twinzone.lease (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  token bigint NOT NULL,
  holder text NOT NULL,
  expires timestamptz NOT NULL,
  last_sequence bigint NOT NULL);
INSERT INTO twinzone.lease VALUES (true, 0, '', '-infinity', 0);

CREATE TABLE twinzone.zone (
  name text PRIMARY KEY,
  number bigint NOT NULL,
  sequence bigint NOT NULL UNIQUE,
  serial bigint NOT NULL,
  digest text NOT NULL);

CREATE TABLE twinzone.blob (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  staged timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE twinzone.page (
  blob bigint NOT NULL REFERENCES twinzone.blob ON DELETE CASCADE,
  part int NOT NULL CHECK (part >= 0),
  content bytea NOT NULL CHECK (octet_length(content) <= 65536),
  PRIMARY KEY (blob, part));
ALTER TABLE twinzone.page ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE twinzone.version (
  sequence bigint PRIMARY KEY,
  zone text NOT NULL REFERENCES twinzone.zone,
  number bigint NOT NULL,
  from_serial bigint,
  from_digest text,
  to_serial bigint NOT NULL,
  to_digest text NOT NULL,
  is_whole boolean NOT NULL,
  blob bigint NOT NULL REFERENCES twinzone.blob,
  first_part int NOT NULL,
  pages int NOT NULL,
  bytes bigint NOT NULL,
  source text NOT NULL,
  committed timestamptz NOT NULL DEFAULT clock_timestamp(),
  token bigint NOT NULL,
  UNIQUE (zone, number));
CREATE INDEX version_from ON twinzone.version (zone, from_digest);
CREATE INDEX version_to ON twinzone.version (zone, to_digest);
CREATE INDEX version_blob ON twinzone.version (blob);

CREATE TABLE twinzone.snapshot (
  zone text PRIMARY KEY REFERENCES twinzone.zone,
  number bigint NOT NULL,
  serial bigint NOT NULL,
  digest text NOT NULL,
  soa text NOT NULL,
  blob bigint NOT NULL REFERENCES twinzone.blob,
  first_part int NOT NULL,
  pages int NOT NULL,
  bytes bigint NOT NULL);
CREATE INDEX snapshot_blob ON twinzone.snapshot (blob);
)sql";

// hold_lease(): takes the lease where it has ended, keeps it where it is ours. Who merely looks
// takes no lock. append(): see schema.h; entries are objects with texts in hexadecimal digits.
constexpr std::string_view kFunctions = R"sql(
CREATE FUNCTION twinzone.hold_lease(who text, had bigint, length interval)
RETURNS TABLE (is_ours boolean, lease_token bigint, leader text, sequence bigint)
LANGUAGE plpgsql AS $body$
DECLARE
  l twinzone.lease;
BEGIN
  SELECT * INTO STRICT l FROM twinzone.lease;
  IF l.holder = who OR l.expires <= clock_timestamp() THEN
    SELECT * INTO STRICT l FROM twinzone.lease FOR UPDATE;
    IF l.expires <= clock_timestamp() THEN
      UPDATE twinzone.lease SET token = token + 1, holder = who,
        expires = clock_timestamp() + length RETURNING * INTO l;
    ELSIF l.holder = who AND l.token = had THEN
      UPDATE twinzone.lease SET expires = clock_timestamp() + length RETURNING * INTO l;
    END IF;
  END IF;
  RETURN QUERY SELECT l.holder = who, l.token, l.holder, l.last_sequence;
END $body$;

CREATE FUNCTION twinzone.release_lease(who text, had bigint) RETURNS void
LANGUAGE sql AS $body$
  UPDATE twinzone.lease SET expires = clock_timestamp() WHERE holder = who AND token = had;
  SELECT pg_notify('twinzone', 'released');
$body$;

CREATE FUNCTION twinzone.check_lease(who text, had bigint) RETURNS twinzone.lease
LANGUAGE plpgsql AS $body$
DECLARE
  l twinzone.lease;
BEGIN
  SELECT * INTO STRICT l FROM twinzone.lease FOR UPDATE;
  IF l.holder <> who OR l.token <> had OR l.expires <= clock_timestamp() THEN
    RAISE EXCEPTION 'the lease is not ours any more: %', CASE
      WHEN l.holder <> who THEN format('%s leads', l.holder) ELSE 'it has ended' END
      USING ERRCODE = 'TZ001';
  END IF;
  RETURN l;
END $body$;

CREATE FUNCTION twinzone.from_hex(digits text) RETURNS text
LANGUAGE sql IMMUTABLE AS $body$ SELECT convert_from(decode(digits, 'hex'), 'SQL_ASCII') $body$;

CREATE FUNCTION twinzone.append(who text, had bigint, in_blob bigint, entries jsonb) RETURNS bigint
LANGUAGE plpgsql AS $body$
DECLARE
  l twinzone.lease;
  z twinzone.zone;
  e jsonb;
  zone_name text;
  next_sequence bigint;
BEGIN
  l := twinzone.check_lease(who, had);
  next_sequence := l.last_sequence;
  FOR e IN SELECT * FROM jsonb_array_elements(entries) LOOP
    zone_name := twinzone.from_hex(e->>'zone');
    next_sequence := next_sequence + 1;
    SELECT * INTO z FROM twinzone.zone WHERE name = zone_name;
    IF NOT FOUND THEN
      IF NOT (e->>'whole')::boolean THEN
        RAISE EXCEPTION 'zone % has no history yet that a difference could go on', zone_name
          USING ERRCODE = 'TZ002';
      END IF;
      z.number := 0;
    ELSIF z.serial IS DISTINCT FROM (e->>'from_serial')::bigint
       OR z.digest IS DISTINCT FROM e->>'from_digest' THEN
      RAISE EXCEPTION 'zone % has version % in the shared history, and not %', zone_name, z.serial,
        coalesce(e->>'from_serial', 'none') USING ERRCODE = 'TZ002';
    END IF;
    IF (SELECT count(*) FROM twinzone.page WHERE blob = in_blob
          AND part >= (e->>'first')::int AND part < (e->>'first')::int + (e->>'pages')::int)
       <> (e->>'pages')::int THEN
      RAISE EXCEPTION 'pages of zone % are missing', zone_name USING ERRCODE = 'TZ003';
    END IF;
    INSERT INTO twinzone.zone VALUES (zone_name, z.number + 1, next_sequence,
      (e->>'to_serial')::bigint, e->>'to_digest')
      ON CONFLICT (name) DO UPDATE SET number = excluded.number, sequence = excluded.sequence,
        serial = excluded.serial, digest = excluded.digest;
    INSERT INTO twinzone.version VALUES (next_sequence, zone_name, z.number + 1,
      (e->>'from_serial')::bigint, e->>'from_digest', (e->>'to_serial')::bigint, e->>'to_digest',
      (e->>'whole')::boolean, in_blob, (e->>'first')::int, (e->>'pages')::int,
      (e->>'bytes')::bigint, twinzone.from_hex(e->>'source'), clock_timestamp(), had);
    IF (e->>'whole')::boolean THEN
      INSERT INTO twinzone.snapshot VALUES (zone_name, z.number + 1, (e->>'to_serial')::bigint,
        e->>'to_digest', e->>'soa', in_blob, (e->>'first')::int, (e->>'pages')::int,
        (e->>'bytes')::bigint)
        ON CONFLICT (zone) DO UPDATE SET number = excluded.number, serial = excluded.serial,
          digest = excluded.digest, soa = excluded.soa, blob = excluded.blob,
          first_part = excluded.first_part, pages = excluded.pages, bytes = excluded.bytes;
    END IF;
  END LOOP;
  UPDATE twinzone.lease SET last_sequence = next_sequence;
  PERFORM pg_notify('twinzone', next_sequence::text);
  RETURN next_sequence;
END $body$;

CREATE FUNCTION twinzone.stage(into_blob bigint, first int, contents bytea[]) RETURNS bigint
LANGUAGE plpgsql AS $body$
DECLARE
  id_now bigint := into_blob;
BEGIN
  IF id_now IS NULL THEN
    INSERT INTO twinzone.blob DEFAULT VALUES RETURNING id INTO id_now;
  END IF;
  INSERT INTO twinzone.page
    SELECT id_now, first + (place - 1)::int, content
      FROM unnest(contents) WITH ORDINALITY AS each (content, place);
  RETURN id_now;
END $body$;
)sql";

// Retention. Versions at or before a zone's snapshot may go; those behind it lead on from it.
constexpr std::string_view kRetention = R"sql(
CREATE FUNCTION twinzone.put_snapshot(who text, had bigint, e jsonb, in_blob bigint) RETURNS void
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM twinzone.check_lease(who, had);
  UPDATE twinzone.snapshot s SET number = z.number, serial = z.serial, digest = z.digest,
      soa = e->>'soa', blob = in_blob, first_part = 0, pages = (e->>'pages')::int,
      bytes = (e->>'bytes')::bigint
    FROM twinzone.zone z
    WHERE z.name = twinzone.from_hex(e->>'zone') AND s.zone = z.name
      AND z.serial = (e->>'to_serial')::bigint AND z.digest = e->>'to_digest'
      AND (SELECT count(*) FROM twinzone.page WHERE blob = in_blob) = (e->>'pages')::int;
END $body$;

CREATE FUNCTION twinzone.wants_snapshot(max_versions bigint, max_bytes bigint, max_age interval)
RETURNS SETOF text
LANGUAGE sql AS $body$
  SELECT s.zone FROM twinzone.snapshot s JOIN twinzone.version v
      ON v.zone = s.zone AND v.number > s.number
    GROUP BY s.zone, s.bytes
    HAVING count(*) > greatest(max_versions / 2, 1)
        OR sum(v.bytes) > least(greatest(s.bytes, 1048576), max_bytes)
        OR min(v.committed) < clock_timestamp() - max_age
    LIMIT 20;
$body$;

CREATE FUNCTION twinzone.prune(who text, had bigint, max_versions bigint, max_bytes bigint,
                               max_age interval) RETURNS bigint
LANGUAGE plpgsql AS $body$
DECLARE
  gone bigint;
BEGIN
  PERFORM twinzone.check_lease(who, had);
  WITH old AS (
    SELECT v.sequence FROM (
      SELECT sequence, zone, number, committed,
             row_number() OVER newest AS place, sum(bytes) OVER newest AS total
        FROM twinzone.version WINDOW newest AS (PARTITION BY zone ORDER BY number DESC)) v
      JOIN twinzone.snapshot s ON s.zone = v.zone
      WHERE v.number <= s.number AND (v.place > max_versions OR v.total > max_bytes
        OR v.committed < clock_timestamp() - max_age)
      LIMIT 10000)
  DELETE FROM twinzone.version USING old WHERE version.sequence = old.sequence;
  GET DIAGNOSTICS gone = ROW_COUNT;
  DELETE FROM twinzone.blob b WHERE b.id IN (
    SELECT id FROM twinzone.blob WHERE staged < clock_timestamp() - interval '1 hour'
        AND NOT EXISTS (SELECT FROM twinzone.version v WHERE v.blob = id)
        AND NOT EXISTS (SELECT FROM twinzone.snapshot s WHERE s.blob = id)
      LIMIT 10000);
  RETURN gone;
END $body$;
)sql";

// A place of its own for each: the order in which they stand is their number.
constexpr std::array kMigrations = {kTables, kFunctions, kRetention};

}  // namespace

std::span<const std::string_view> migrations() noexcept {
    return kMigrations;
}

std::string migration_text(std::size_t number) {
    TWINZONE_ASSERT(number >= 1 && number <= kMigrations.size());
    return fmt::format(
        "BEGIN;\nCREATE SCHEMA IF NOT EXISTS twinzone;\n"
        "CREATE TABLE IF NOT EXISTS twinzone.migration "
        "(number int PRIMARY KEY, applied timestamptz NOT NULL DEFAULT clock_timestamp());\n"
        "INSERT INTO twinzone.migration (number) VALUES ({});\n{}\nCOMMIT;\n",
        number, kMigrations.at(number - 1));
}

}  // namespace twinzone::shared
