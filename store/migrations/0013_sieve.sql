-- Where an account's Sieve scripts are kept (ManageSieve): host:port, 'none', or '' to look
-- for it.
ALTER TABLE account ADD COLUMN sieve TEXT NOT NULL DEFAULT '';
