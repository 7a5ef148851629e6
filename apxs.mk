# Builds, tests and installs mod_auth_bearer: make -f apxs.mk TARGET (see help).
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

SELF      := $(lastword $(MAKEFILE_LIST))
BUILD     ?= build
CC        := $(if $(filter default,$(origin CC)),gcc,$(CC))
APXS      ?= $(firstword $(shell command -v apxs apxs2 2> /dev/null))
PREFIX    ?= /usr/local
WERROR    ?= -Werror
CFLAGS    ?= -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
LDFLAGS   ?= -Wl,-z,relro,-z,now
SANITIZE  ?=
# Where the module keeps keys that it fetched, unless AuthBearerStateDir says else.
STATE_DIR ?= /var/cache/mod_auth_bearer
FUZZ_SECONDS ?= 60
# How many jobs a recipe that builds by itself may use.
JOBS      ?= $(shell nproc 2> /dev/null || echo 1)
PYTHON    ?= /usr/bin/python3

# The goals that compile something: these need the libraries, all others must work without them.
IDLE_GOALS := help clean lint test test-debian13 check asan fuzz bench bench-core demo \
              demo-stop uninstall
BUILDING   := $(filter-out $(IDLE_GOALS),$(or $(MAKECMDGOALS),all))

ifneq ($(BUILDING),)
define newline


endef
MISSING := $(shell sh support/missing.sh '$(firstword $(CC))' '$(APXS)' | tr '\n' '|')
ifneq ($(strip $(MISSING)),)
$(error missing here:$(newline)  $(subst |,$(newline)  ,$(MISSING))On Debian, \
support/install-deps.sh build installs them)
endif
HTTPD_INCLUDE := $(shell $(APXS) -q INCLUDEDIR)
# Some apxs name the folder, some do not have the program where they say.
HTTPD := $(firstword $(wildcard $(addprefix $(shell $(APXS) -q SBINDIR)/,\
             $(shell $(APXS) -q progname) apache2 httpd)))
system = $(patsubst -I%,-isystem %,$(filter-out -I/usr/include,$(shell pkg-config --cflags $(1))))
LIB_FLAGS   := $(call system,apr-1 libcrypto jansson libcurl libpcre2-8)
HTTPD_FLAGS := -isystem $(HTTPD_INCLUDE) $(call system,apr-util-1)
JWT_FLAGS   := $(call system,libjwt)
LIB_LINK    := $(shell pkg-config --libs libcrypto jansson libcurl libpcre2-8)
APR_LINK    := $(shell pkg-config --libs apr-1)
JWT_LINK    := $(shell pkg-config --libs libjwt)
# GCC optimizes the module as one piece: a sixth less code on a request's way. LTO= does not.
ifeq ($(origin LTO),undefined)
LTO := $(if $(SANITIZE),,$(if $(findstring Free Software Foundation,$(shell $(CC) --version)),\
           -flto=auto -ffat-lto-objects))
endif
endif

# V=1 shows the commands.
say = @$(if $(V),,echo '  $(1)';)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wno-missing-field-initializers $(WERROR)
COMPILE   = $(CC) -std=gnu11 $(WARNINGS) $(CFLAGS) $(SANITIZE) -fPIC -fvisibility=hidden \
            -MMD -MP -Iinclude
LINK      = $(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) $(LINK_LTO)
LINK_LTO  = $(if $(LTO),-fno-lto)

LIB_SOURCES    := $(wildcard src/core/*.c src/keys/*.c src/*.c)
MODULE_SOURCES := $(wildcard mod_auth_bearer.c src/httpd/*.c)
TOOL_SOURCES   := $(wildcard support/*.c)
UNIT_SHARED    := $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))
UNIT_SOURCES   := $(wildcard tests/unit/test_*.c)
FUZZ_SOURCES   := $(wildcard tests/fuzz/fuzz_*.c)
EXAMPLE_SOURCE := tests/httpd/modules/mod_example.c

SOURCES        := $(LIB_SOURCES) $(MODULE_SOURCES) $(TOOL_SOURCES) $(UNIT_SHARED)

object = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB    := $(BUILD)/libbearer.a
MODULE := $(BUILD)/mod_auth_bearer.so
TOOL   := $(BUILD)/htbearer
UNITS   := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SOURCES))
REPLAYS := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/fuzz/replay_%,$(FUZZ_SOURCES))
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SOURCES))
OBJECTS := $(call object,$(SOURCES) $(UNIT_SOURCES) $(EXAMPLE_SOURCE) \
             $(wildcard tests/fuzz/*.c tests/bench/*.c))

.PHONY: all help demo demo-stop test test-debian13 check asan fuzz bench bench-core lint \
        install uninstall clean test-programs fuzz-programs

## all: build the module, the tool and the library into build/
all: $(LIB) $(if $(wildcard mod_auth_bearer.c),$(MODULE)) \
     $(if $(wildcard support/htbearer.c),$(TOOL))

## help: this list
help:
	@sed -n 's/^## \([a-z0-9-]*\): /\1 /p' $(SELF) \
	    | while read -r name text; do printf '%-14s %s\n' "$$name" "$$text"; done

# Everything below $(BUILD)/obj, by what it may include.
$(BUILD)/obj/%.o: %.c $(SELF)
	@mkdir -p $(@D)
	$(call say,CC   $<)$(COMPILE) $(FLAGS) -c -o $@ $<

$(OBJECTS): FLAGS = $(LIB_FLAGS)
$(call object,$(MODULE_SOURCES)): FLAGS = $(HTTPD_FLAGS) $(LIB_FLAGS)
$(call object,$(LIB_SOURCES) $(MODULE_SOURCES)): FLAGS += $(LTO)
$(BUILD)/obj/src/httpd/config.o: FLAGS += -DBEARER_STATE_DIR='"$(STATE_DIR)"'
# httpd declares the module record without a visibility.
$(BUILD)/obj/mod_auth_bearer.o: FLAGS += -fvisibility=default
$(call object,$(EXAMPLE_SOURCE)): FLAGS = $(HTTPD_FLAGS) $(LIB_FLAGS) -fvisibility=default
$(BUILD)/obj/src/mint.o: FLAGS += $(JWT_FLAGS)
.SECONDARY: $(OBJECTS)

# A removed source makes the products anew, which time stamps alone would not see.
$(BUILD)/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(SOURCES)' | cmp -s - $@ || echo '$(SOURCES)' > $@
FORCE:

$(LIB): $(call object,$(LIB_SOURCES)) $(BUILD)/sources
	@rm -f $@.new
	$(call say,AR   $@)$(AR) rcs $@.new $(filter %.o,$^) && mv $@.new $@

$(BUILD)/module.map: $(SELF)
	@mkdir -p $(@D)
	@echo '{ global: auth_bearer_module; local: *; };' > $@

$(MODULE): LINK_LTO = $(LTO)
$(MODULE): $(call object,$(MODULE_SOURCES)) $(LIB) $(BUILD)/module.map $(BUILD)/sources \
           support/check-symbols.sh
	$(call say,LINK $@)$(LINK) -shared -Wl,--version-script=$(BUILD)/module.map \
	    -Wl,--as-needed -o $@ $(filter %.o,$^) $(LIB) $(JWT_LINK) $(LIB_LINK)
	@sh support/check-symbols.sh $@ $(HTTPD)

$(TOOL): $(call object,$(TOOL_SOURCES)) $(LIB) $(BUILD)/sources
	$(call say,LINK $@)$(LINK) -Wl,-z,defs -o $@ $(filter %.o,$^) \
	    $(LIB) $(JWT_LINK) $(LIB_LINK) $(APR_LINK)

$(BUILD)/unit/shared.a: $(call object,$(UNIT_SHARED)) $(BUILD)/sources
	@mkdir -p $(@D)
	@rm -f $@.new
	$(call say,AR   $@)$(AR) rcs $@.new $(filter %.o,$^) && mv $@.new $@

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/unit/shared.a $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK $@)$(LINK) -o $@ $^ -lcmocka -Wl,--as-needed $(JWT_LINK) $(LIB_LINK) $(APR_LINK)

$(BUILD)/fuzz/replay_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(BUILD)/obj/tests/fuzz/replay.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK $@)$(LINK) -o $@ $(filter %.o,$^) $(LIB) $(LIB_LINK) $(APR_LINK)

$(BUILD)/fuzz/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK $@)$(LINK) -fsanitize=fuzzer -o $@ $< $(LIB) $(LIB_LINK) $(APR_LINK)

# Another module, for tests of what others see of ours.
EXAMPLE := $(BUILD)/mod_example.so
$(EXAMPLE): $(call object,$(EXAMPLE_SOURCE))
	$(call say,LINK $@)$(LINK) -shared -o $@ $<

# It signs with the helpers of the unit tests.
$(BUILD)/bench/core: $(BUILD)/obj/tests/bench/core.o $(BUILD)/unit/shared.a $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK $@)$(LINK) -o $@ $^ -lcmocka $(LIB_LINK) $(APR_LINK)

test-programs: $(UNITS) $(REPLAYS) $(EXAMPLE) $(BUILD)/bench/core
fuzz-programs: $(FUZZERS)

RUN   = BEARER_BUILD='$(abspath $(BUILD))' $(PYTHON) tests/run.py
again = $(MAKE) -f $(SELF) -j$(JOBS)

## test: install what is missing (Debian), build, and run every test
test:
	@support/install-deps.sh build test
	@$(again) all test-programs
	@$(RUN)

## check: lint, unit tests and fuzz corpus, in seconds
check:
	@$(again) all test-programs
	@$(RUN) --stages lint,unit,fuzz

## lint: the project's rules about its own text
lint:
	@$(RUN) --stages lint

SANITIZED := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

## asan: unit and system tests under AddressSanitizer and UBSan
asan:
	@$(again) asan-programs
	@$(RUN) --stages asan-unit,asan-system

.PHONY: asan-programs
asan-programs:
	@$(again) BUILD=build-asan CFLAGS='-O1 -g' SANITIZE='$(SANITIZED)' all test-programs

# ThreadSanitizer sees what is compiled with it: the library and these tests, not OpenSSL or APR.
.PHONY: tsan-programs
tsan-programs:
	@$(again) BUILD=build-tsan CFLAGS='-O1 -g' SANITIZE='-fsanitize=thread' \
	    build-tsan/unit/test_swap build-tsan/unit/test_cache_shared \
	    build-tsan/unit/test_minted

## fuzz: each fuzz target for FUZZ_SECONDS (60), with clang
fuzz:
	@support/install-deps.sh build fuzz
	@$(again) BUILD=build-fuzz CC=clang CFLAGS='-O1 -g' \
	    SANITIZE='$(SANITIZED) -fsanitize=fuzzer-no-link' fuzz-programs
	@for source in $(FUZZ_SOURCES); do \
	    name=$$(basename $$source .c) && corpus=build-fuzz/corpus/$$name \
	        && mkdir -p $$corpus && echo "== $$name" \
	        && build-fuzz/fuzz/$$name -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
	               -verbosity=0 -artifact_prefix=build-fuzz/$$name- $$corpus \
	               tests/fuzz/corpus/$${name#fuzz_} || exit 1; \
	done

## bench: what it costs to check a token, beside others (BENCH_SETS=main, see tests/bench/run)
bench:
	@support/install-deps.sh build bench
	@$(again) all
	@BEARER_BUILD='$(abspath $(BUILD))' $(PYTHON) tests/bench/run

## bench-core: what judging a token costs beside the bare signature check, without a server
bench-core:
	@$(again) $(BUILD)/bench/core
	@$(BUILD)/bench/core

## demo: a protected server on this machine, with tokens to try
demo:
	@support/install-deps.sh build demo
	@$(again) all
	@support/demo.sh start

## demo-stop: stop it again
demo-stop:
	@support/demo.sh stop

## test-debian13: the whole test run in a Debian 13 tree (root, debootstrap)
test-debian13:
	@tests/debian13.sh

LIBEXECDIR = $(shell $(APXS) -q LIBEXECDIR)
# Debian keeps modules to be enabled with a2enmod beside the configuration.
MODS_AVAILABLE = $(wildcard $(shell $(APXS) -q SYSCONFDIR 2> /dev/null)/mods-available)
INCLUDEDIR     = $(shell $(APXS) -q INCLUDEDIR)
MAN_PAGE       = $(PREFIX)/share/man/man1/htbearer.1

## install: module, header for other modules, tool and man page (DESTDIR, PREFIX)
install: all
	install -d '$(DESTDIR)$(LIBEXECDIR)' '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(dir $(MAN_PAGE))' \
	    '$(DESTDIR)$(INCLUDEDIR)'
	install -m 644 include/mod_auth_bearer.h '$(DESTDIR)$(INCLUDEDIR)/mod_auth_bearer.h'
	install -m 644 $(MODULE) '$(DESTDIR)$(LIBEXECDIR)/mod_auth_bearer.so'
	install -m 755 $(TOOL) '$(DESTDIR)$(PREFIX)/bin/htbearer'
	install -m 644 support/htbearer.1 '$(DESTDIR)$(MAN_PAGE)'
ifneq ($(MODS_AVAILABLE),)
	install -d '$(DESTDIR)$(MODS_AVAILABLE)'
	echo 'LoadModule auth_bearer_module $(LIBEXECDIR)/mod_auth_bearer.so' \
	    > '$(DESTDIR)$(MODS_AVAILABLE)/auth_bearer.load'
endif

## uninstall: remove what install put there
uninstall:
	rm -f '$(DESTDIR)$(LIBEXECDIR)/mod_auth_bearer.so' '$(DESTDIR)$(PREFIX)/bin/htbearer' \
	    '$(DESTDIR)$(MAN_PAGE)' '$(DESTDIR)$(INCLUDEDIR)/mod_auth_bearer.h'
ifneq ($(MODS_AVAILABLE),)
	rm -f '$(DESTDIR)$(MODS_AVAILABLE)/auth_bearer.load'
endif

## clean: remove everything that was built
clean:
	rm -rf $(BUILD) build-asan build-tsan build-fuzz

-include $(OBJECTS:.o=.d)
