# `make` alone prints what there is to make.
PREFIX  ?= /usr/local
DESTDIR ?=
# Where `make lab` keeps its servers. A short path: sockets lie in it.
LAB     ?= /tmp/twindb-lab-$(shell id -u)

# npm writes it at the end of an install: a stamp that `npm install` keeps current as well.
DEPS = node_modules/.package-lock.json

# Where `make test-matrix` and `make test-packages` keep their Debian systems, some 2 GB.
CHROOTS ?= /var/tmp/twindb-chroots

# For how long `make chaos` goes on.
CHAOS_MINUTES ?= 60

.PHONY: help demo check test test-slow chaos test-matrix lab lab-down fmt bench build install deb rpm test-packages clean node packages

help: ## this text
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | awk -F '\t' '{ printf "make %-13s %s\n", $$1, $$2 }'

demo: build ## back up a folder to another one, restore it, compare; no root, no server
	@sh docs/demo.sh

check: $(DEPS) ## lint, types and the tests that need no server and no root: for the edit loop
	npm run --silent lint
	npm run --silent types
	npx --no-install vitest run --project unit

test: packages build ## lint, types and all tests, against real servers started for the run
	npm run --silent lint
	npm run --silent types
	npx --no-install vitest run

test-slow: packages build ## what takes too long for `make test`: more random input to the same tests, and *.slow.test.ts
	TWINDB_SLOW=yes npx --no-install vitest run --project lab test/hostile .slow.test

chaos: packages build ## kill runs and let calls fail at any point, for CHAOS_MINUTES=60; CHAOS_SEED= and CHAOS_POINT= repeat what it prints
	CHAOS_MINUTES=$(CHAOS_MINUTES) npx --no-install vitest run --project lab test/chaos

test-matrix: packages build ## the MySQL tests against MariaDB 11.8 and Oracle's MySQL, in Debian chroots, as root (CHROOTS=folder)
	test/matrix/run.sh $(CHROOTS)

lab: packages $(DEPS) ## keep the servers of the tests running, to try things by hand (LAB=folder)
	@LAB_MARIADB=yes test/lab/lab up $(LAB)
	@echo "For the tests to use it: TWINDB_LAB=$(LAB) npx vitest run. To stop it: make lab-down LAB=$(LAB)"

lab-down: ## stop the servers of `make lab`
	@test/lab/lab down $(LAB)

fmt: $(DEPS) ## format the source
	npm run --silent fmt

bench: build ## speed and memory beside tar, zstd and ssh
	test/bench/run.sh

build: $(DEPS) ## compile into dist/
	@rm -rf dist
	npm run --silent build

install: build ## install below PREFIX, with a cron file and a sample config (DESTDIR= PREFIX=)
	packaging/install-tree.sh $(DESTDIR)/ $(PREFIX)
	@# What the operator has edited stays as it is.
	test -e $(DESTDIR)/etc/twindb/twindb-backup.cfg || \
	  install -D -m 600 packaging/twindb-backup.cfg $(DESTDIR)/etc/twindb/twindb-backup.cfg
	test -e $(DESTDIR)/etc/cron.d/twindb-backup || \
	  install -D -m 644 cron.d/twindb-backup $(DESTDIR)/etc/cron.d/twindb-backup

deb: build ## build/twindb-backup_*.deb, with the Node.js it runs on (ARCH=arm64)
	@packaging/deb/build.sh $(ARCH)

rpm: build ## build/twindb-backup-*.rpm, likewise; needs rpmbuild
	@packaging/rpm/build.sh $(ARCH)

test-packages: build ## install, use, upgrade and remove both in bare Debian chroots (as root; needs mmdebstrap and rpm)
	@packaging/test-packages.sh $(CHROOTS)/bare

clean: ## remove what was built and downloaded
	rm -rf dist build node_modules

$(DEPS): package-lock.json | node
	npm ci
	@touch $@

node:
	@command -v node >/dev/null || { echo 'Node.js 20.19 or newer is needed, and there is none. Debian 13 has it (apt-get install nodejs npm), others: https://nodejs.org' >&2; exit 1; }
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' || \
	  { echo "Node.js 20.19 or newer is needed, this is $$(node --version)" >&2; exit 1; }

packages:
	@test/lab/packages.sh
