# Tidepost. `make help` lists the targets.
#
# Needed: Go (the version in go.mod), gcc (SQLite is C), make. What the end-to-end
# tests use beyond that, `make deps` installs on Debian.

GO       ?= go
TAGS     := sqlite_fts5
GOFLAGS_ := -tags $(TAGS)
BIN      := bin
PREFIX   ?= /usr/local
DESTDIR  ?=
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS  := -s -w -X main.version=$(VERSION)

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@latest
FUZZTIME    ?= 3s
# Real clients and peers that the end-to-end tests drive.
DEBIAN_PACKAGES := swaks libnet-ssleay-perl msmtp isync neomutt offlineimap3 curl postfix dovecot-imapd dovecot-lmtpd dovecot-sieve dovecot-managesieved cyrus-common sasl2-bin openssl ca-certificates tzdata
# What the fault plan mounts and breaks with (as root; what is missing is skipped).
FAULT_PACKAGES  := util-linux mount e2fsprogs xfsprogs iptables

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/tidepost and bin/tidepost-eval
	$(GO) build $(GOFLAGS_) -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/tidepost ./cmd/tidepost-eval

.PHONY: release
release: ## build without the paths of this machine, for others
	$(GO) build $(GOFLAGS_) -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/tidepost

.PHONY: demo
demo: build ## run everything on loopback: two people in two time zones, a tide every minute
	$(BIN)/tidepost demo

.PHONY: tour
tour: build ## let the demo tell its story by itself, and check each step
	$(BIN)/tidepost demo --tour

.PHONY: tours
tours: ## the story of the tour in accounts at Dovecot and Cyrus, arranged in several ways
	TIDEPOST_E2E=require TIDEPOST_TOURS=all $(GO) test $(GOFLAGS_) -count 1 -timeout 15m -run TestTheTourHoldsAtAProvider ./internal/demo

.PHONY: test
test: build ## all tests: units, journeys, the built binary with the real clients that are installed
	$(GO) test $(GOFLAGS_) -timeout 9m ./...

.PHONY: race
race: ## the same under the race detector, without the built binary
	$(GO) test $(GOFLAGS_) -race -short -timeout 20m $$($(GO) list $(GOFLAGS_) ./... | grep -v /e2e)

.PHONY: e2e
e2e: build ## the built binary with real clients; a missing client is an error
	TIDEPOST_E2E=require $(GO) test $(GOFLAGS_) -count 1 -timeout 15m ./e2e/...

.PHONY: pictures
pictures: ## how the digest looks: bin/pictures, in a browser engine and in neomutt (see the script)
	sh scripts/digest-pictures.sh $(BIN)/pictures

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME each
	sh scripts/fuzz.sh $(FUZZTIME)

.PHONY: scenarios
scenarios: ## play the stories of scenarios/ in virtual time (STORIES=another file or folder)
	$(GO) test $(GOFLAGS_) -count 1 -timeout 5m ./internal/story -run TestScenarios -stories "$(abspath $(or $(STORIES),scenarios))"

.PHONY: week
week: ## scenarios/week.txt by the built binary over sockets and command line, killed now and then; virtual time, ten minutes
	$(GO) run ./internal/bubble/cmd overlay $(abspath $(BIN))/bubble/_runtime
	$(GO) build -o $(BIN)/bubble/bubble ./internal/bubble/cmd
	$(GO) build $(GOFLAGS_) -overlay $(BIN)/bubble/_runtime/overlay.json -o $(BIN)/bubble/tidepost ./cmd/tidepost
	$(GO) test $(GOFLAGS_) -overlay $(BIN)/bubble/_runtime/overlay.json -c -o $(BIN)/bubble/story.test ./internal/story
	cd internal/story && $(abspath $(BIN))/bubble/bubble run 2026-03-20T12:00:00Z $(abspath $(BIN))/bubble/story.test -test.run TestByProcesses \
		-test.v -test.timeout 0 -stories $(abspath scenarios/week.txt) -program $(abspath $(BIN))/bubble/tidepost

.PHONY: badinput
badinput: ## hostile input, row by row, through a real gateway (CASES=another catalogue)
	@mkdir -p $(BIN)
	@$(GO) build $(GOFLAGS_) -o $(BIN)/badinput ./internal/badinput/cmd
	@$(BIN)/badinput -cases $(or $(CASES),testdata/badinput/cases.jsonl)

.PHONY: golden
golden: ## rewrite golden files; look at the diff
	$(GO) test $(GOFLAGS_) ./store ./digest ./policies/... -update

.PHONY: eval
eval: build ## run the labelled data sets under $$TIDEPOST_DATA (default: testdata)
	$(BIN)/tidepost-eval -data $${TIDEPOST_DATA:-testdata}

.PHONY: model
model: ## train the model of package intent from $$TIDEPOST_DATA; prints its hash
	GOMAXPROCS=1 $(GO) run $(GOFLAGS_) ./intent/train -data $${TIDEPOST_DATA:?name the folder of the data sets} -out intent/model.bin -sayings intent/sayings.bin -own intent/testdata

.PHONY: cover
cover: ## merged coverage of unit tests and the built binary
	sh scripts/cover.sh

.PHONY: lint
lint: ## go vet, staticcheck, formatting
	$(GO) vet $(GOFLAGS_) ./...
	@out=$$(gofmt -l .); test -z "$$out" || { echo "not formatted: $$out"; exit 1; }
	$(GO) run $(STATICCHECK) -tags $(TAGS) ./...

.PHONY: vuln
vuln: ## govulncheck, if its database can be reached
	@if out=$$($(GO) run $(GOVULNCHECK) -tags $(TAGS) ./... 2>&1); then echo "$$out" | tail -3; \
	 elif echo "$$out" | grep -qE 'vuln.go.dev|dial tcp|no such host|connection refused|Forbidden|Bad Gateway|fetching vulnerabilities'; then echo "govulncheck: database not reachable, skipped"; \
	 else echo "$$out"; exit 1; fi

.PHONY: alerts
alerts: ## the alert rules at their limits, and the figures they watch, through promtool
	TIDEPOST_E2E=require $(GO) test $(GOFLAGS_) -count 1 -timeout 3m ./internal/gateway -run 'TestAlerts|TestFigures'

.PHONY: check
check: lint vuln race ## what CI runs after the tests: lint, race, short fuzz, a clean tree
	$(MAKE) fuzz
	$(GO) mod verify
	git diff --exit-code

.PHONY: sbom
sbom: release ## list what the binary is made of: bin/tidepost.sbom
	$(GO) version -m $(BIN)/tidepost > $(BIN)/tidepost.sbom

.PHONY: bench
bench: build ## accepted and delivered mail a second beside Postfix (needs the shared harness, BENCH=folder)
	sh bench/smtp.sh

.PHONY: bench-provider
bench-provider: build ## what idle accounts at a real Dovecot cost (COUNT=200), and one of MESSAGES=50000
	sh bench/provider.sh

.PHONY: bench-hold
bench-hold: build ## held mail beside Postfix: enqueue, list, release (COUNT=10000)
	sh bench/hold.sh

.PHONY: faults
faults: build ## the fault plan in a dose of a quarter of an hour; ONLY=F1,F2 for some of it
	$(GO) build $(GOFLAGS_) -o $(BIN)/faults ./internal/faults/cmd
	$(BIN)/faults -program $(BIN)/tidepost -only "$(ONLY)"

.PHONY: faults-long
faults-long: build ## the same in the full dose: hours
	$(GO) build $(GOFLAGS_) -o $(BIN)/faults ./internal/faults/cmd
	$(BIN)/faults -long -program $(BIN)/tidepost -only "$(ONLY)"

.PHONY: deps
deps: ## install the Debian packages that end-to-end tests and the fault plan use (root)
	sh scripts/deps.sh $(DEBIAN_PACKAGES) $(FAULT_PACKAGES)
	sh scripts/unpack.sh /usr/local/lib/cyrus-imapd cyrus-imapd
	sh scripts/unpack.sh /usr/local/lib/prometheus prometheus

.PHONY: install
install: release ## install the binary, the man pages and the systemd unit
	install -D -m 0755 $(BIN)/tidepost $(DESTDIR)$(PREFIX)/bin/tidepost
	install -D -m 0644 docs/man/tidepost.8 $(DESTDIR)$(PREFIX)/share/man/man8/tidepost.8
	install -D -m 0644 docs/man/tidepost.toml.5 $(DESTDIR)$(PREFIX)/share/man/man5/tidepost.toml.5
	install -D -m 0644 packaging/tidepost.service $(DESTDIR)/lib/systemd/system/tidepost.service

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BIN) cover
