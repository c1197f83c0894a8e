DROP TABLE coach_policy;
DROP TABLE advice;
DROP TABLE coaching;
