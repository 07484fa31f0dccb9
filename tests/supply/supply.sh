# shellcheck shell=bash
# Sourced: which crates there are. Paths are from the top folder.

# The folders with a lock file of their own: the library's, the benchmarks', the fuzz targets', the
# measurement of timing's.
supply_workspaces() {
    local folder
    for folder in . benches/peers/rust fuzz benches/timing; do
        if [ -e "$folder/Cargo.lock" ]; then echo "$folder"; fi
    done
}

# All crates of all lock files that come from elsewhere, by name.
supply_crates() {
    supply_workspaces | while read -r folder; do
        awk -F'"' '/^name = / { name = $2 } /^source = / { print name }' "$folder/Cargo.lock"
    done | LC_ALL=C sort -u
}
