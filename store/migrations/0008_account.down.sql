DROP TABLE route_token;
DROP TABLE account;
