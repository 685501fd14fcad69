BEGIN TRANSACTION;
CREATE TABLE ocpp16_registration (
	identity TEXT NOT NULL,
	status TEXT NOT NULL,
	interval BIGINT NOT NULL,
	PRIMARY KEY (identity)
);
INSERT INTO "ocpp16_registration" VALUES('x','Accepted',1);
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
INSERT INTO "ocpp16_schema" VALUES('registration',1);
COMMIT;
