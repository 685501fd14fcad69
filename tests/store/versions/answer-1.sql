BEGIN TRANSACTION;
CREATE TABLE ocpp16_answer (
	number INTEGER NOT NULL,
	identity TEXT NOT NULL,
	call_id TEXT NOT NULL,
	digest BLOB NOT NULL,
	answer BLOB NOT NULL,
	PRIMARY KEY (number)
);
INSERT INTO "ocpp16_answer" VALUES(1,'x','x',X'7B7D',X'7B7D');
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
INSERT INTO "ocpp16_schema" VALUES('answer',1);
COMMIT;
