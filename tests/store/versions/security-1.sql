BEGIN TRANSACTION;
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
INSERT INTO "ocpp16_schema" VALUES('security',1);
CREATE TABLE security_event (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	identity TEXT NOT NULL, 
	ordinal BIGINT NOT NULL, 
	type TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	tech_info TEXT, 
	received DATETIME NOT NULL, 
	CONSTRAINT security_event_ordinal UNIQUE (identity, ordinal)
);
INSERT INTO "security_event" VALUES(1,'CP1',1,'StartupOfTheDevice','2026-01-01 12:00:00.000000',NULL,'2026-01-01 12:00:01.000000');
CREATE TABLE security_key (
	identity TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	hash TEXT NOT NULL, 
	since DATETIME NOT NULL, 
	PRIMARY KEY (identity, position)
);
INSERT INTO "security_key" VALUES('CP1',0,'scrypt$x','2026-01-01 12:00:00.000000');
CREATE TABLE security_profile (
	identity TEXT NOT NULL, 
	profile INTEGER NOT NULL, 
	since DATETIME NOT NULL, 
	PRIMARY KEY (identity)
);
INSERT INTO "security_profile" VALUES('CP1',2,'2026-01-01 12:00:00.000000');
CREATE INDEX security_event_type ON security_event (type, number);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('security_event',1);
COMMIT;
