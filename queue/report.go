package queue

// evReported says in the ledger that somebody asked for their own figures.
const evReported = "reported"
