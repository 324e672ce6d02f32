# Every task in one word; `just --list` shows them.

# The whole service on this machine.
run *options:
    cargo run -- {{options}}

# All functions for Lambda; docs/deploy.md says how they get there.
build *options:
    infra/build {{options}}

# Everything that must pass.
test:
    tests/run

# The same without the slow tools.
quick:
    tests/run quick

# The flow tests on MinIO and another table.
servers *tests:
    infra/servers/run {{tests}}

# The template and the main job on the emulator.
emulator:
    infra/emulator/run

# Writes the generated pages and samples anew.
generate:
    cargo run -p generate -- pages
    cargo run -p generate -- samples --all
    cargo run -p generate -- templates
    cargo run -p generate -- schemas

# The material package for hospitals, with its manifest, in target/material.
material *options:
    cargo run -p generate -- material {{options}}

# The front-end machine program as hospitals get it: for Linux and Windows, each in one file.
front-end-machine *systems:
    infra/front-end-machine/build {{systems}}

# What that program needs and withstands: idle, growth, kills.
endure *what:
    cargo run -p front-end-machine --example endure -- {{what}}

# The check for browsers; the pages do without where it was never built.
browser-check:
    shared/browser-check/build

# The tutorial videos, recorded from the pages, in target/videos.
videos *options:
    cargo run -p generate -- videos {{options}}

# How fast the check is, against inflating and parsing alone.
bench:
    cargo bench -p validation

# Checks a file on the command line.
check file:
    cargo run --release -p operate -- check {{file}}
