BEGIN TRANSACTION;
CREATE TABLE central_charge_point (
	identity TEXT NOT NULL,
	approval TEXT,
	first_seen DATETIME,
	last_seen DATETIME,
	boots INTEGER NOT NULL,
	last_boot DATETIME,
	vendor TEXT,
	model TEXT,
	serial_number TEXT,
	box_serial_number TEXT,
	firmware_version TEXT,
	iccid TEXT,
	imsi TEXT,
	meter_type TEXT,
	meter_serial_number TEXT,
	list_version INTEGER,
	PRIMARY KEY (identity)
);
INSERT INTO "central_charge_point" VALUES('x','Accepted','2026-01-01 12:00:00.000000','2026-01-01 12:00:00.000000',1,'2026-01-01 12:00:00.000000','x','x','x','x','x','x','x','x','x',1);
CREATE TABLE central_charging_profile (
	identity TEXT NOT NULL,
	profile_id INTEGER NOT NULL,
	connector_id INTEGER NOT NULL,
	purpose TEXT NOT NULL,
	stack_level INTEGER NOT NULL,
	transaction_id BIGINT,
	request BLOB NOT NULL,
	since DATETIME NOT NULL,
	PRIMARY KEY (identity, profile_id)
);
INSERT INTO "central_charging_profile" VALUES('x',1,1,'x',1,1,X'7B7D','2026-01-01 12:00:00.000000');
CREATE TABLE central_configuration (
	identity TEXT NOT NULL,
	folded TEXT NOT NULL,
	"key" TEXT NOT NULL,
	value TEXT,
	is_readonly BOOLEAN,
	since DATETIME NOT NULL,
	PRIMARY KEY (identity, folded)
);
INSERT INTO "central_configuration" VALUES('x','x','x','x',1,'2026-01-01 12:00:00.000000');
CREATE TABLE central_connector (
	identity TEXT NOT NULL,
	connector_id INTEGER NOT NULL,
	status TEXT NOT NULL,
	error_code TEXT NOT NULL,
	info TEXT,
	vendor_id TEXT,
	vendor_error_code TEXT,
	since DATETIME NOT NULL,
	PRIMARY KEY (identity, connector_id)
);
INSERT INTO "central_connector" VALUES('x',1,'Accepted','x','x','x','x','2026-01-01 12:00:00.000000');
CREATE TABLE central_event (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	identity TEXT NOT NULL,
	ordinal BIGINT NOT NULL,
	at DATETIME NOT NULL,
	kind TEXT NOT NULL,
	text TEXT NOT NULL,
	transaction_id INTEGER,
	payload TEXT,
	CONSTRAINT central_event_ordinal UNIQUE (identity, ordinal)
);
INSERT INTO "central_event" VALUES(1,'x',1,'2026-01-01 12:00:00.000000','x','x',1,'x');
CREATE TABLE central_id_tag (
	folded TEXT NOT NULL,
	id_tag TEXT NOT NULL,
	status TEXT NOT NULL,
	expiry DATETIME,
	parent TEXT,
	is_single BOOLEAN NOT NULL,
	note TEXT NOT NULL,
	PRIMARY KEY (folded)
);
INSERT INTO "central_id_tag" VALUES('x','x','Accepted','2026-01-01 12:00:00.000000','x',1,'x');
CREATE TABLE central_job (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	identity TEXT NOT NULL,
	kind TEXT NOT NULL,
	request_id INTEGER,
	asked DATETIME NOT NULL,
	answer TEXT,
	status TEXT,
	status_at DATETIME,
	file TEXT,
	announced TEXT,
	log_type TEXT,
	digest BLOB,
	until DATETIME,
	received DATETIME,
	size INTEGER,
	sha256 TEXT,
	CONSTRAINT central_job_digest UNIQUE (digest)
);
INSERT INTO "central_job" VALUES(1,'x','log',1,'2026-01-01 12:00:00.000000','x','x','2026-01-01 12:00:00.000000','x','x','SecurityLog',X'7B7D','2026-01-01 12:00:00.000000','2026-01-01 12:00:00.000000',1,'x');
CREATE TABLE central_job_status (
	number INTEGER NOT NULL,
	job INTEGER NOT NULL,
	at DATETIME NOT NULL,
	status TEXT NOT NULL,
	PRIMARY KEY (number),
	FOREIGN KEY(job) REFERENCES central_job (number) ON DELETE CASCADE
);
INSERT INTO "central_job_status" VALUES(1,1,'2026-01-01 12:00:00.000000','x');
CREATE TABLE central_meter_value (
	number INTEGER NOT NULL,
	identity TEXT NOT NULL,
	connector_id INTEGER,
	transaction_id BIGINT,
	at DATETIME NOT NULL,
	digest BLOB NOT NULL,
	PRIMARY KEY (number),
	CONSTRAINT central_same_value UNIQUE (identity, digest)
);
INSERT INTO "central_meter_value" VALUES(1,'x',1,1,'2026-01-01 12:00:00.000000',X'7B7D');
CREATE TABLE central_reservation (
	id BIGINT NOT NULL,
	identity TEXT NOT NULL,
	connector_id INTEGER NOT NULL,
	id_tag TEXT NOT NULL,
	parent TEXT,
	expiry DATETIME NOT NULL,
	state TEXT NOT NULL,
	made DATETIME NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "central_reservation" VALUES(1,'x',1,'x','x','2026-01-01 12:00:00.000000','held','2026-01-01 12:00:00.000000');
CREATE TABLE central_sampled_value (
	meter_value INTEGER NOT NULL,
	position INTEGER NOT NULL,
	value TEXT NOT NULL,
	context TEXT,
	format TEXT,
	measurand TEXT,
	phase TEXT,
	location TEXT,
	unit TEXT,
	PRIMARY KEY (meter_value, position),
	FOREIGN KEY(meter_value) REFERENCES central_meter_value (number) ON DELETE CASCADE
);
INSERT INTO "central_sampled_value" VALUES(1,1,'x','x','x','x','x','x','x');
CREATE TABLE central_transaction (
	id BIGINT NOT NULL,
	identity TEXT NOT NULL,
	connector_id INTEGER NOT NULL,
	id_tag TEXT NOT NULL,
	folded_tag TEXT NOT NULL,
	meter_start INTEGER NOT NULL,
	started DATETIME NOT NULL,
	reservation_id INTEGER,
	start_received DATETIME NOT NULL,
	start_info TEXT NOT NULL,
	reading INTEGER,
	meter_stop INTEGER,
	stopped DATETIME,
	stop_received DATETIME,
	stop_reason TEXT,
	stop_tag TEXT,
	stop_info TEXT,
	stop_digest BLOB,
	PRIMARY KEY (id),
	CONSTRAINT central_same_start UNIQUE (identity, connector_id, folded_tag, meter_start, started)
);
INSERT INTO "central_transaction" VALUES(1,'x',1,'x','x',1,'2026-01-01 12:00:00.000000',1,'2026-01-01 12:00:00.000000','{"status":"Accepted"}',1,1,'2026-01-01 12:00:00.000000','2026-01-01 12:00:00.000000','x','x','{"status":"Accepted"}',X'7B7D');
CREATE TABLE ocpp16_reign (
	name VARCHAR(64) NOT NULL,
	number BIGINT NOT NULL,
	PRIMARY KEY (name)
);
CREATE TABLE ocpp16_schema (
	name VARCHAR(64) NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (name)
);
INSERT INTO "ocpp16_schema" VALUES('central_system',2);
CREATE INDEX central_transaction_running ON central_transaction (identity, stopped);
CREATE INDEX central_transaction_started ON central_transaction (started, id);
CREATE INDEX central_transaction_tag ON central_transaction (folded_tag, stopped);
CREATE INDEX central_meter_value_transaction ON central_meter_value (transaction_id, at);
CREATE INDEX central_meter_value_at ON central_meter_value (at, number);
CREATE INDEX central_reservation_state ON central_reservation (identity, state);
CREATE INDEX central_job_request ON central_job (identity, kind, request_id);
CREATE INDEX central_job_status_job ON central_job_status (job, number);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('central_event',1);
INSERT INTO "sqlite_sequence" VALUES('central_job',1);
COMMIT;
