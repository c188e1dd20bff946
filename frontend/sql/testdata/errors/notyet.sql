CREATE TABLE t (a int); SELECT 1

create or replace function f(a int) returns int language flow as $$ a; b $$

INSERT INTO t VALUES (1); UPDATE t SET a = 1; DELETE FROM t; COPY t TO 'f'

SET x = 1; SHOW TABLES; DESCRIBE t

SELECT * FROM t TABLESAMPLE BERNOULLI (10) WHERE a

SELECT * FROM t ASOF JOIN u ON a = b

SELECT * FROM (t CROSS JOIN u) AS v

SELECT ARRAY(SELECT 1)
