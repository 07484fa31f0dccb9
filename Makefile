# Builds, tests and installs libh3s. `make help` lists the targets. Whatever they make goes under
# target/.

SHELL := bash
.DELETE_ON_ERROR:

prefix = /usr/local
exec_prefix = $(prefix)
libdir = $(exec_prefix)/lib
includedir = $(prefix)/include
datarootdir = $(prefix)/share
mandir = $(datarootdir)/man
docdir = $(datarootdir)/doc/libh3s
INSTALL = install

OBJCOPY = objcopy

version := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# The soname follows the major version. (bindings/python does the same.)
abi := $(firstword $(subst ., ,$(version)))
soname := -C link-arg=-Wl,-soname,libh3s.so.$(abi)
# Functions of more than so many instructions are not put into their callers, but for those that say
# #[inline], which are a request's. It makes the library 6 % smaller, and no request slower.
# (bindings/python does the same.)
inline := -C llvm-args=-inline-threshold=75

# Cargo's output has to be where this file expects it, whatever the environment says.
export CARGO_TARGET_DIR := $(CURDIR)/target

# The library names no folder of the machine that builds it, nor where its crates were fetched from,
# and so is the same from each: a panic names the source file, which lies in one of cargo's folders,
# named after a registry, or, vendored, in this one. Cargo passes over the setting where there are
# RUSTFLAGS. (bindings/python does the same.)
remap_own := --remap-path-prefix=$(CURDIR)=.
# $(call remap_others,FORMAT): for each registry, once its crates are fetched.
remap_others = $(shell for folder in '$(or $(CARGO_HOME),$(HOME)/.cargo)'/registry/src/*; do \
	printf "$(1)" "--remap-path-prefix=$$folder=/cargo"; done)
cargo = $(if $(RUSTFLAGS),RUSTFLAGS='$(RUSTFLAGS) $(remap_own)$(call remap_others, %s)' )cargo \
	--config "build.rustflags=['$(remap_own)'$(call remap_others,$(comma)'%s')]"
comma := ,
# More for cargo, such as --target or --profile.
cargo_options =
# What does AES-256-GCM: rustcrypto, or ring, which is faster and needs a C compiler.
backend = rustcrypto
features = $(or $(features_of_$(backend)),$(error There is no backend $(backend), but rustcrypto and ring))
features_of_rustcrypto := capi
features_of_ring := capi,ring
profile = $(if $(filter --profile%,$(cargo_options)),,--release)

# Says that `all` was made from these sources, and with which options, so that `sudo make install`
# needs no cargo.
built := target/.built
sources := Cargo.toml Cargo.lock build.rs cbindgen.toml $(shell find src -name '*.rs')
asked := $(strip $(cargo_options) $(patsubst %,backend=%,$(filter-out rustcrypto,$(backend))))
ifneq ($(asked),)
ifneq ($(asked),$(strip $(file <$(built))))
sources += FORCE
endif
endif

# $(call pc,PREFIX,LIBDIR,INCLUDEDIR,QUOTE,LIBS): the text of h3s.pc. In quotes, a folder may have
# spaces in its name; ${pcfiledir} has them escaped by itself. -lgcc_s is not among Libs.private:
# every compiler driver adds it, or with -static the archive that takes its place.
pc = printf '%s\n' 'prefix=$(1)' 'libdir=$(2)' 'includedir=$(3)' '' \
	'Name: libh3s' 'Description: Sessions of h3 (Nuxt, Nitro) with a C ABI' \
	'Version: $(version)' 'Libs: -L$(4)$${libdir}$(4) -lh3s$(5)' \
	'Libs.private: -lpthread -lm -ldl' 'Cflags: -I$(4)$${includedir}$(4)'

# What find_package(h3s) of CMake reads, where libdir and includedir are those of the installation.
cmake_files := h3s-config.cmake h3s-config-version.cmake
cmake_filled = sed -e 's|@version@|$(version)|; s|@abi@|$(abi)|' \
	-e 's|@include@|'"$$(realpath -ms --relative-to='$(libdir)/cmake/h3s' '$(includedir)')"'|'

# ---- Build ---------------------------------------------------------------------------------------

.PHONY: all
all: fetched ## Build the shared and the static library (the default)
	@. tests/setup.sh && need_rust && need_debian $(LD) binutils && \
		{ [ $(backend) = rustcrypto ] || need_debian cc gcc libc6-dev; } && mkdir -p target && \
	new=$$(mktemp target/cargo.XXXXXX) && trap 'rm -f "$$new"*' EXIT && \
	$(cargo) rustc $(profile) --lib --locked --features $(features) --crate-type cdylib,staticlib \
		$(cargo_options) --message-format=json-render-diagnostics -- $(soname) $(inline) >"$$new" && \
	grep -oE '"[^"]*/libh3s\.(so|a)"' "$$new" | sort -u | \
		sed -E 's/"(.*\.(so|a))"/\2 := \1/; s|:= $(CURDIR)/|:= |' >"$$new.made" && mv "$$new" target/cargo.json && \
	{ cmp -s "$$new.made" target/made.mk || mv "$$new.made" target/made.mk; }
	@$(MAKE) --silent --no-print-directory target/lib/libh3s.so target/lib/libh3s.a target/pkgconfig/h3s.pc target/go/libh3s.a
	@echo '$(asked)' >$(built)

# The crates, before their folders are named. If they are not, the build says why.
.PHONY: fetched
fetched:
	@. tests/setup.sh && need_rust && \
		{ cargo fetch --locked --quiet --offline 2>/dev/null || cargo fetch --locked --quiet || true; }

# Where cargo has put the two libraries, which depends on its options and its configuration: from
# here, since a name with spaces in it is several to make.
-include $(wildcard target/made.mk)

# The library under the names that a linker and a loader look for, and a h3s.pc that leads there:
# with PKG_CONFIG_PATH=target/pkgconfig a program builds against this tree and, thanks to the rpath,
# runs from it.
target/lib/libh3s.so: target/made.mk Makefile
	@mkdir -p $(@D)
	@ln -sfn $(patsubst target/%,../%,$(so)) $@
	@ln -sfn libh3s.so $@.$(abi)

# Cargo's archive defines all symbols of Rust's standard library, so that a program could hold no
# other Rust library; and of two plugins with a copy each, one could call into the other's. So it
# becomes one object with all symbols local but h3s_*, and these hidden, which is to say known to
# the program that the archive is linked into and to no other. What nobody calls is left out, and
# so is what only a compiler or a debugger reads.
target/lib/libh3s.a: $(a) target/made.mk c-tests/symbols.txt Makefile
	@mkdir -p target/archive $(@D)
	@{ sed 's/^/.hidden /' c-tests/symbols.txt; echo '.section .note.GNU-stack,"",%progbits'; } | \
		$(AS) -o target/archive/hidden.o
	@$(LD) -r --gc-sections --force-group-allocation $$(sed 's/^/-u /' c-tests/symbols.txt) \
		-o target/archive/all.o target/archive/hidden.o $(a)
	@$(OBJCOPY) --strip-unneeded --remove-section=.llvmbc --remove-section=.llvmcmd \
		--wildcard --keep-global-symbol='h3s_*' target/archive/all.o target/archive/h3s.o
	@rm -f $@ && $(AR) rcsD $@ target/archive/h3s.o

target/pkgconfig/h3s.pc: Makefile Cargo.toml
	@mkdir -p $(@D)
	@$(call pc,$${pcfiledir}/..,$${prefix}/lib,$${prefix}/../include,,$(rpath)) >$@

# What bindings/go links first: the archive alone, since a linker would prefer the shared library.
target/go/libh3s.a: Makefile
	@mkdir -p $(@D)
	@ln -sfn ../../include/h3s.h $(@D)/h3s.h
	@ln -sfn ../lib/libh3s.a $@

rpath := $() -Wl$(comma)-rpath$(comma)$${libdir}

.PHONY: header abi-record
header: ## Write include/h3s.h and the manual from the comments in src/ffi and docs/OPTIONS.md
	@. tests/setup.sh && need_rust && need_debian python3 python3 && touch build.rs && \
	H3S_WRITE_HEADER=include/h3s.h cargo check --locked --features capi && \
	python3 packaging/man.py include/h3s.h docs/OPTIONS.md >packaging/h3s.3

abi-record: all ## Write this version's ABI to tests/abi, for a release
	@tests/abi/record.sh

# ---- nginx ---------------------------------------------------------------------------------------

# A source tree, or, as here, what Debian's nginx-dev has of one. Another must be of the version of
# the nginx that is to load the module, and that be configured --with-compat. With threads, if the
# tree was configured so; if it was not yet, as `nginx -V` says.
NGINX_SRC = /usr/share/nginx/src
# Where nginx finds what is named by `load_module modules/ngx_http_h3s_module.so`.
nginx_modules = $(or $(shell nginx -V 2>&1 | sed -n 's/.*--modules-path=\([^ ]*\).*/\1/p'),/usr/lib/nginx/modules)
nginx_module := ngx_http_h3s_module.so
nginx_sources := bindings/nginx/config $(wildcard bindings/nginx/src/*) include/h3s.h

.PHONY: nginx install-nginx uninstall-nginx
nginx: all target/nginx/$(nginx_module) ## Build the nginx module

# Another NGINX_SRC than last time, so that all is made anew.
target/nginx.source: FORCE
	@mkdir -p $(@D)
	@echo '$(NGINX_SRC)' | cmp -s - $@ || echo '$(NGINX_SRC)' >$@

.PHONY: FORCE
FORCE:

# In a copy, since configure writes a Makefile where it stands.
target/nginx/Makefile: bindings/nginx/config Makefile target/nginx.source $(wildcard $(NGINX_SRC)/objs/ngx_auto_config.h)
	@case '$(CURDIR)' in *' '*) echo "nginx: its configure takes no folder with a space in its name:" \
		"build the module in another one than $(CURDIR)" >&2; exit 1 ;; esac
	@. tests/setup.sh && need_debian cc gcc libc6-dev && need_debian pkg-config pkg-config && \
		{ [ '$(NGINX_SRC)' != /usr/share/nginx/src ] || need_debian $(NGINX_SRC)/configure nginx nginx-dev; }
	@rm -rf target/nginx && mkdir -p target/nginx && cp -r $(NGINX_SRC)/. target/nginx/src
	@cd target/nginx/src && NGX_CONF_FLAGS=(--with-compat) && \
		if [ -e conf_flags ]; then . ./conf_flags; \
		elif if [ -e objs/ngx_auto_config.h ]; then grep -qw NGX_THREADS objs/ngx_auto_config.h; \
			else nginx -V 2>&1 | grep -q -e --with-threads; fi; \
		then NGX_CONF_FLAGS+=(--with-threads); fi && \
		PKG_CONFIG_PATH='$(CURDIR)/target/pkgconfig' ./configure "$${NGX_CONF_FLAGS[@]}" \
		--with-cc-opt='-g -O2 -fPIC -fstack-protector-strong -D_FORTIFY_SOURCE=2 -ffile-prefix-map=$(CURDIR)=.' --with-ld-opt='-Wl,-z,relro -Wl,-z,now' \
		--builddir='$(CURDIR)/target/nginx' --add-dynamic-module='$(CURDIR)/bindings/nginx' >../configure.log || \
		{ tail -n 5 ../configure.log >&2; exit 1; }

# What is installed has no rpath to this tree.
target/nginx/$(nginx_module): target/nginx/Makefile $(nginx_sources)
	@$(MAKE) --no-print-directory -C target/nginx/src -f ../Makefile modules
	@mkdir -p target/nginx/install
	$(CC) -shared -o target/nginx/install/$(nginx_module) target/nginx/addon/src/*.o target/nginx/$(nginx_module:.so=_modules.o) \
		-Ltarget/lib -lh3s -Wl,-z,relro -Wl,-z,now

# The loader finds a new library only after ldconfig.
install-nginx: ## Install the nginx module (after install; to nginx_modules=, also: DESTDIR)
	@[ -e target/nginx/install/$(nginx_module) ] || $(MAKE) --no-print-directory nginx
	$(INSTALL) -d "$(DESTDIR)$(nginx_modules)"
	$(INSTALL) -m 644 target/nginx/install/$(nginx_module) "$(DESTDIR)$(nginx_modules)/$(nginx_module)"
	@test -n "$(DESTDIR)" || { PATH="$$PATH:/usr/sbin:/sbin" ldconfig 2>/dev/null; \
		! ldd "$(nginx_modules)/$(nginx_module)" | grep -q 'libh3s.* not found' || \
		echo 'nginx will not find libh3s.so.$(abi): write $(libdir) into /etc/ld.so.conf.d/h3s.conf, and run ldconfig.' >&2; \
		echo 'At the top of nginx.conf: load_module $(nginx_modules)/$(nginx_module);'; }

uninstall-nginx: ## Remove it
	rm -f "$(DESTDIR)$(nginx_modules)/$(nginx_module)"

# ---- Python --------------------------------------------------------------------------------------

# The one whose headers the extension is compiled with; it is then for each CPython from 3.9 on.
PYTHON = python3
extension := target/python/_extension.abi3.so

.PHONY: python
python: all $(extension) ## Build the extension with which bindings/python is faster

$(extension): bindings/python/extension/_extension.c bindings/python/build_extension.py include/h3s.h
	@. tests/setup.sh && need_debian cc gcc libc6-dev && need_python_headers '$(PYTHON)'
	@'$(PYTHON)' bindings/python/build_extension.py $@ $(EXTENSION_FLAGS)

# ---- Node ----------------------------------------------------------------------------------------

node_module := target/node/h3s.node

.PHONY: node
node: all $(node_module) ## Build the compiled part of bindings/node

$(node_module): $(wildcard bindings/node/src/*) bindings/node/build.js include/h3s.h target/lib/libh3s.a
	@. tests/setup.sh && need_debian cc gcc libc6-dev && need_node bindings/node
	@CC='$(CC)' node bindings/node/build.js --library target/lib/libh3s.a --out $@ -- $(NODE_FLAGS)

.PHONY: npm
npm: node ## Make the npm package in target/node
	@node bindings/node/pack.js target/node

# ---- Try -----------------------------------------------------------------------------------------

.PHONY: for-demo demo serve demo-nginx serve-nginx demo-nextjs serve-nextjs demo-nuxt serve-nuxt
# Before the build, so that what is missing is named at once.
for-demo:
	@. tests/setup.sh && need_for_demo

demo: for-demo all ## Visit a small web server with curl and print the conversation
	@examples/demo.sh

serve: for-demo all ## Start a page for your browser: a session, and what becomes of its cookie
	@examples/demo.sh --serve

demo-nginx: nginx ## Visit an nginx before an h3 application and a Python service with curl
	@examples/nginx/demo.sh

serve-nginx: nginx ## Leave them running, for a browser
	@examples/nginx/demo.sh --serve

demo-nextjs: nginx ## Visit an nginx before a Next.js application and a FastAPI service with curl
	@examples/nextjs/demo.sh

serve-nextjs: nginx ## Leave them running, for a browser
	@examples/nextjs/demo.sh --serve

demo-nuxt: npm ## Visit a server of Nitro and nuxt-auth-utils, on the npm package, with curl
	@examples/nuxt/demo.sh

serve-nuxt: npm ## Leave it running, for a browser
	@examples/nuxt/demo.sh --serve

.PHONY: site
site: ## Make a web site of the pages, in target/site
	@. tests/setup.sh && need_site && target/site-venv/bin/python packaging/site/build.py && \
		echo 'The site is in target/site; it begins at index.html.'

# ---- Test ----------------------------------------------------------------------------------------

.PHONY: test check lint bench bench-nginx bench-node bench-revocations soak fuzz mutants
test: ## Run every suite in tests/suites (to add one: see the top of tests/run)
	@tests/run

check: ## Run what needs only Rust, C and C++ compilers and pkg-config; installs nothing
	@H3S_NO_INSTALL=1 tests/run rust abi

lint: ## Check format, types, warnings and shell scripts
	@tests/run lint

# The programs that tests/interop runs, which calls for them itself. Several may do so at once.
interop_flags = -std=c99 -O1 -pthread -Wall -Wextra -Wpedantic -Werror \
	$$(PKG_CONFIG_PATH=target/pkgconfig pkg-config --cflags --libs h3s $(1))
target/interop/driver: tests/interop/driver.c include/h3s.h target/lib/libh3s.so
	@. tests/setup.sh && need_debian cc gcc libc6-dev && need_debian pkg-config pkg-config && \
		need_debian /usr/include/jansson.h libjansson-dev
	@mkdir -p $(@D)
	@new=$$(mktemp $@.XXXXXX) && $(CC) $< -o $$new $(call interop_flags,jansson) && mv $$new $@

target/interop/counter: examples/counter.c include/h3s.h target/lib/libh3s.so
	@. tests/setup.sh && need_debian cc gcc libc6-dev && need_debian pkg-config pkg-config && \
		need_debian /usr/include/microhttpd.h libmicrohttpd-dev
	@mkdir -p $(@D)
	@new=$$(mktemp $@.XXXXXX) && $(CC) $< -o $$new $(call interop_flags,libmicrohttpd) && mv $$new $@

target/interop/nitro: $(filter-out %/node_modules,$(wildcard tests/interop/nitro/*))
	@. tests/setup.sh && need_node tests/interop/nitro
	@rm -rf $@ && mkdir -p $(@D) && node tests/interop/nitro/build.mjs '$(CURDIR)/$@' && touch $@

target/interop/nitro-h3s: $(filter-out %/node_modules,$(wildcard bindings/node/test/install.mjs tests/interop/nitro/*)) $(node_module) \
		$(wildcard bindings/node/README.md bindings/node/*.json bindings/node/lib/* bindings/node/lib/h3/*)
	@. tests/setup.sh && need_node tests/interop/nitro
	@rm -rf $@ $@-packages && mkdir -p $(@D) && \
		node tests/interop/nitro/build.mjs '$(CURDIR)/$@' '$(CURDIR)/$(node_module)' && touch $@

# Nitro 3: what npm has as its latest, and the newest beta.
nitro3 := $(addprefix target/interop/,nitro3 nitro3-beta nitro3-h3s nitro3-beta-h3s)
$(nitro3): $(filter-out %/node_modules,$(wildcard bindings/node/test/install.mjs tests/interop/nitro3/* tests/interop/nitro3/server/* tests/interop/nitro3/server/routes/* tests/interop/nitro3-beta/*)) \
		$(node_module) $(wildcard bindings/node/*.json bindings/node/lib/* bindings/node/lib/h3/*)
	@. tests/setup.sh && need_node tests/interop/$(patsubst %-h3s,%,$(@F))
	@mkdir -p $(@D) && node tests/interop/nitro3/build.mjs '$(CURDIR)/tests/interop/$(patsubst %-h3s,%,$(@F))' \
		'$(CURDIR)/$@' $(if $(filter %-h3s,$@),'$(CURDIR)/$(node_module)') && touch $@

# RING=: another build of the library, measured beside this one.
bench: all ## Measure beside the peers, in 10 minutes; QUICK=1: in 2, and leave RESULTS.md as it is
	@benches/peers/run.sh $(if $(RING),--ring $(RING) )$(if $(QUICK),--quick target/bench,benches/peers)
	@$(if $(QUICK),,$(MAKE) --no-print-directory bench-nginx)

bench-nginx: nginx ## Measure the nginx module's cost a request
	@. tests/setup.sh && need_debian wrk wrk && need_venv && target/venv/bin/python benches/nginx.py

bench-node: node ## Measure for how long a request holds Node's event loop, in each format
	@node benches/event-loop.mjs

bench-revocations: all ## Measure how soon 16 processes refuse what is logged out, in some minutes
	@. tests/setup.sh && need_venv && { command -v valkey-server >/dev/null || \
		need_debian redis-server redis-server; } && { ! need_python_headers target/venv/bin/python || \
		$(MAKE) --no-print-directory python PYTHON=target/venv/bin/python; }
	@target/venv/bin/python benches/revocations/simulate.py --write benches/revocations/RESULTS.md

# In `make soak` tests that search last longer, and these alone are run: some minutes each.
soak: ## Run the long tests for an hour (LOAD_SECONDS=120 FUZZ_SECONDS=60 MUTANTS=100)
	@H3S_SOAK=1 tests/run rust fuzz threads timing differential python go nginx packages load
	@tests/mutants/run.sh --sample $(MUTANTS)
MUTANTS = 100

# TARGETS=: only these of cookies unseal options data revocation abi.
fuzz: ## Run each fuzz target, or those of TARGETS=, for SECONDS=60
	@fuzz/run.sh $(SECONDS) $(TARGETS)
SECONDS = 60

# JOBS=2: two at a time, in two hours. FILES=: only of these, as src/data.rs.
mutants: ## Change src/ in each of 3,000 places, and see whether a test fails (three hours)
	@tests/mutants/run.sh --jobs $(JOBS) $(FILES)
JOBS = 1

# ---- Install -------------------------------------------------------------------------------------

.PHONY: install uninstall
install: $(built) ## Install to prefix=/usr/local (also: DESTDIR, libdir, mandir, ...)
	$(INSTALL) -d "$(DESTDIR)$(mandir)/man3" "$(DESTDIR)$(docdir)"
	$(INSTALL) -m 644 packaging/h3s.3 "$(DESTDIR)$(mandir)/man3/h3s.3"
	$(INSTALL) -m 644 LICENSE README.md "$(DESTDIR)$(docdir)"
	$(INSTALL) -d "$(DESTDIR)$(libdir)/pkgconfig" "$(DESTDIR)$(includedir)"
	$(INSTALL) -m 755 target/lib/libh3s.so "$(DESTDIR)$(libdir)/libh3s.so.$(version)"
	ln -sfn libh3s.so.$(version) "$(DESTDIR)$(libdir)/libh3s.so.$(abi)"
	ln -sfn libh3s.so.$(abi) "$(DESTDIR)$(libdir)/libh3s.so"
	$(INSTALL) -m 644 target/lib/libh3s.a "$(DESTDIR)$(libdir)/libh3s.a"
	$(INSTALL) -m 644 include/h3s.h include/h3s.hpp "$(DESTDIR)$(includedir)"
	@$(call pc,$(prefix),$(libdir),$(includedir),") >"$(DESTDIR)$(libdir)/pkgconfig/h3s.pc"
	@chmod 644 "$(DESTDIR)$(libdir)/pkgconfig/h3s.pc"
	$(INSTALL) -d "$(DESTDIR)$(libdir)/cmake/h3s"
	@for file in $(cmake_files); do \
		$(cmake_filled) packaging/cmake/$$file >"$(DESTDIR)$(libdir)/cmake/h3s/$$file" && \
		chmod 644 "$(DESTDIR)$(libdir)/cmake/h3s/$$file" || exit; done
	@test -n "$(DESTDIR)" || echo 'If programs do not find libh3s.so.$(abi), run ldconfig.'

$(built): $(sources)
	@$(MAKE) --no-print-directory all

uninstall: ## Remove what install put there (with the same variables)
	rm -f "$(DESTDIR)$(mandir)/man3/h3s.3" "$(DESTDIR)$(docdir)/LICENSE" "$(DESTDIR)$(docdir)/README.md"
	! [ -d "$(DESTDIR)$(docdir)" ] || rmdir "$(DESTDIR)$(docdir)"
	rm -f "$(DESTDIR)$(libdir)/libh3s.so" "$(DESTDIR)$(libdir)/libh3s.so.$(abi)" \
		"$(DESTDIR)$(libdir)/libh3s.so.$(version)" "$(DESTDIR)$(libdir)/libh3s.a" \
		"$(DESTDIR)$(libdir)/pkgconfig/h3s.pc" "$(DESTDIR)$(includedir)/h3s.h" \
		"$(DESTDIR)$(includedir)/h3s.hpp" $(patsubst %,"$(DESTDIR)$(libdir)/cmake/h3s/%",$(cmake_files))
	! [ -d "$(DESTDIR)$(libdir)/cmake/h3s" ] || rmdir "$(DESTDIR)$(libdir)/cmake/h3s"

# ---- Packages ------------------------------------------------------------------------------------

.PHONY: deb wheel go-module release
deb: ## Build the packages of Debian into target/deb
	@packaging/deb.sh

wheel: ## Build Python's wheel and source distribution into target/python-packages
	@mkdir -p target/python-packages && packaging/wheel.sh target/python-packages

# GO_MODULE=example.org/libh3s: where Go's package will be published, which the publisher chooses.
go-module: ## Write what `go get GO_MODULE` takes into target/go-module, as module proxies have it
	@. tests/setup.sh && need_debian python3 python3 && rm -rf target/go-module && \
		python3 packaging/go_module.py '$(GO_MODULE)' target/go-module

release: ## Make all packages of this version into target/release-VERSION; publish nothing
	@packaging/release.sh

# ---- The rest ------------------------------------------------------------------------------------

.PHONY: clean help
clean: ## Remove target/, and what Next.js has built
	rm -rf target examples/nextjs/.next

help: ## Print this list
	@sed -nE 's/^([a-z-]+):.* ## (.*)/\1|\2/p' Makefile | while IFS='|' read -r target what; do \
		printf '  make %-16s %s\n' "$$target" "$$what"; done
